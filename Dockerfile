# biocpt on the processor: `docker build -t biocpt-search .`, then
#
#   docker run --rm --user "$(id -u):$(id -g)" -v biocpt:/data -v "$PWD":/work \
#     biocpt-search index articles.xml.gz --index pubmed --model none
#
# --user: what is written into a mounted folder is yours then, and may be; any number will do, and without it is 1000.
# Models live in /data, and lists of records that a cluster's index rejected in /data/state.
# Other extras: --build-arg EXTRAS=cpu,openvino

FROM python:3.12-slim AS build
ARG EXTRAS=cpu
RUN python -m venv /opt/biocpt
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY onnx_models onnx_models
COPY indexer indexer
COPY search search
RUN /opt/biocpt/bin/pip install --no-cache-dir ".[${EXTRAS}]"

FROM python:3.12-slim
COPY --from=build /opt/biocpt /opt/biocpt
ENV PATH=/opt/biocpt/bin:$PATH BIOCPT_HOME=/data XDG_STATE_HOME=/data/state
RUN useradd --create-home --uid 1000 biocpt && install -d -o biocpt -g biocpt -m 1777 /data /data/state /work
USER 1000
VOLUME /data
WORKDIR /work
ENTRYPOINT ["biocpt"]
CMD ["--help"]
