.PHONY: serve test test-postgres lint bench
serve:
	@python3 -m bot.run.setup serve
test:
	@python3 -m bot.run.setup pytest
test-postgres:
	@python3 -m bot.run.setup postgres-tests
lint:
	@var/venv-app/bin/ruff check .
bench:
	@var/venv-app/bin/python -m benchmarks.turns
