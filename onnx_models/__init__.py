"""Text to numbers: export the encoders to ONNX, verify, quantise and run them. Knows nothing of articles or indexes."""
