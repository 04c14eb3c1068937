# An example to begin with; what it is for and how it is used: docs/deploy.md.
FROM python:3.11-slim

# torch's wheels for a CPU are a tenth of those with CUDA.
RUN pip install --no-cache-dir torch torchvision --index-url https://download.pytorch.org/whl/cpu

COPY . /src
RUN pip install --no-cache-dir /src && rm -r /src

# Nobody in particular; all that is written lies in one volume.
RUN useradd --uid 1000 --create-home --home-dir /data search
USER search
VOLUME /data
ENV SEARCH_LIBRARY=/data/library \
    XDG_CACHE_HOME=/data/cache \
    XDG_STATE_HOME=/data/state \
    XDG_RUNTIME_DIR=/tmp \
    PYTHONUNBUFFERED=1

EXPOSE 7117
HEALTHCHECK --start-period=30s CMD ["python", "-c", \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:7117/api/v1/health', timeout=5)"]
ENTRYPOINT ["search"]
# Every connection to a container comes from outside: whoever comes needs the token.
CMD ["serve", "--host", "0.0.0.0", "--port", "7117"]
