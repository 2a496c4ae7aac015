.PHONY: serve test lint bench
serve:
	@python3 -m bot.setup serve
test:
	@python3 -m bot.setup pytest
lint:
	@var/venv-app/bin/ruff check .
bench:
	@var/venv-app/bin/python -m benchmarks.turns
