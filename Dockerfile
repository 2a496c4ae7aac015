# Two Pythons in one image, because one command supervises all three processes. Model, vectors and state live in the volume.
FROM python:3.10-slim-bookworm AS python310

FROM python:3.11-slim-bookworm
COPY --from=python310 /usr/local/bin/python3.10 /usr/local/bin/python3.10
COPY --from=python310 /usr/local/lib/python3.10 /usr/local/lib/python3.10
COPY --from=python310 /usr/local/lib/libpython3.10.so.1.0 /usr/local/lib/
RUN ldconfig && apt-get update && apt-get install -y --no-install-recommends gcc g++ libgomp1 && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY pyproject.toml requirements.lock config.yml README.md ./
COPY bot ./bot
COPY actions ./actions
COPY knowledge ./knowledge
COPY docs/guide-village.zh-CN.md ./docs/
COPY docs/images/village ./docs/images/village
# Outside, PyTorch's CPU wheels stand on its own index; the registry's are the CUDA build of several GB.
RUN python3.11 -m venv /opt/linli/venv-app \
 && /opt/linli/venv-app/bin/pip install --no-cache-dir torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu \
 && /opt/linli/venv-app/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock \
 && /opt/linli/venv-app/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e . \
 && python3.10 -m venv /opt/linli/venv-rasa \
 && /opt/linli/venv-rasa/bin/pip install --no-cache-dir --no-deps --require-hashes -r bot/requirements.txt

RUN useradd --create-home linli && mkdir -p /data/home && ln -s /opt/linli/venv-rasa /data/home/venv-rasa && chown -R linli /data
USER linli
ENV LINLI_HOME=/data/home LINLI_CACHE=/data/cache
VOLUME /data
EXPOSE 8000
CMD ["/opt/linli/venv-app/bin/linli", "serve"]
