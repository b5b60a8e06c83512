# One image for web, runner and workers. Dependencies are a layer of their own: a change of source rebuilds nothing else.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /epicml
COPY requirements/uv.txt requirements/
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements/uv.txt
COPY requirements.txt requirements/lightfm.txt ./
ENV UV_LINK_MODE=copy LIGHTFM_NO_CFLAGS=1
RUN --mount=type=cache,target=/root/.cache/uv \
    .venv/bin/uv pip install --python .venv/bin/python --require-hashes -r requirements.txt -r lightfm.txt

FROM python:${PYTHON}-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home epicml && install -d -o epicml /epicml /epicml/var
WORKDIR /epicml
COPY --from=build /epicml/.venv .venv
COPY . .
ENV PATH=/epicml/.venv/bin:$PATH PYTHONUNBUFFERED=1 EPICML_DEMO=0
USER epicml
EXPOSE 8000
VOLUME /epicml/var
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
