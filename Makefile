.PHONY: serve test test-fast test-night test-postgres test-scale check format lint types sbom locks bench
serve:
	@python3 -m bot.run.setup serve
test test-postgres test-scale: export LINLI_TEST_PROFILE ?= ci
test:
	@python3 -m bot.run.setup pytest
test-fast:
	@python3 -m bot.run.setup pytest fast
test-night: export LINLI_TEST_PROFILE = night
test-night:
	@python3 -m bot.run.setup pytest
test-postgres:
	@python3 -m bot.run.setup postgres-tests
test-scale:
	@python3 -m bot.run.setup scale-tests
check:
	@python3 -m bot.run.setup check
lint types:
	@python3 -m bot.run.setup check $@
format:
	@var/venv-app/bin/ruff format .
sbom:
	@python3 -m bot.run.setup sbom
locks:
	@python3 -m bot.run.setup locks
bench:
	@var/venv-app/bin/python -m benchmarks.turns
