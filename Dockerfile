# docker build -t supernet-explorer . && docker run --rm -p 127.0.0.1:8501:8501 supernet-explorer
FROM python:3.11-slim-bookworm

# PyTorch's CPU wheels keep the image small. For an NVIDIA GPU, build with an empty one: --build-arg TORCH_INDEX=
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

WORKDIR /srv/supernet-explorer

# Dependencies first, so that a change of the code does not install them again.
COPY requirements.txt ./
RUN PIP_INDEX_URL="$TORCH_INDEX" pip install --no-cache-dir "torch>=2.11" "torchvision>=0.26" \
    && pip install --no-cache-dir -r requirements.txt

RUN useradd --uid 1000 --create-home explorer
COPY . .
USER 1000

EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

CMD ["python", "-m", "streamlit", "run", "app/main.py", "--server.address", "0.0.0.0"]
