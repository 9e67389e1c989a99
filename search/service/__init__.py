"""The model server: the models of a set over HTTP, for clients of OpenAI, Cohere and TEI. Needs the extra `serve`."""
