# One configuration for everything: release, with testing enabled. Executables lie in .build/release.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
SOURCES := Package.swift Sources services Tests

.PHONY: help build demo test bench-media chaos fuzz bench-takeover bench-s3 bench-logs bench-page install uninstall deb images format lint clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build everything, tests included
	@scripts/setup.sh
	swift build $(SWIFT_FLAGS) --build-tests

demo: ## make the sample film, with a lead that fails
	@scripts/setup.sh
	swift build $(SWIFT_FLAGS) --build-tests
	.build/release/understudy demo --store store

test: ## run all tests; those of the stack where a Docker engine answers or can be started
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	@scripts/test.sh

images: ## build the images of compose/docker-compose.yml from the sources
	@scripts/setup.sh dist
	scripts/images.sh source

install: ## install below PREFIX (/usr/local), within DESTDIR (none): see compose/systemd/README.md
	@scripts/setup.sh dist
	swift build $(SWIFT_FLAGS) --build-tests
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh

uninstall: ## remove what `make install` has put there
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh uninstall

deb: ## make a Debian package, in .build/deb
	@scripts/setup.sh dist
	swift build $(SWIFT_FLAGS) --build-tests
	scripts/deb.sh

bench-media: ## pictures and sound against the ffmpeg command line, a few minutes
	@scripts/setup.sh bench
	swift build $(SWIFT_FLAGS) --build-tests
	Benchmarks/media.py

bench-takeover: ## jobs a second, restart, latency of a takeover, a minute or two
	@scripts/setup.sh
	swift build $(SWIFT_FLAGS) --build-tests
	UNDERSTUDY_BENCH=1 swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter TakeoverBench | grep '^bench:'
	Benchmarks/takeover.py

bench-s3: ## a file of 1 GiB up and down, against curl and boto3, a few minutes
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	UNDERSTUDY_BENCH=1 swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter S3Bench | grep '^bench:'

bench-logs: ## log events a second, against Python's logging and boto3, half a minute
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	Benchmarks/logs.py

bench-page: ## first paint, messages to the screen, 500 watchers, files against nginx, a few minutes
	@scripts/setup.sh bench
	swift build $(SWIFT_FLAGS) --build-tests
	Benchmarks/page.py

chaos: ## kill processes at random under running jobs for five minutes
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	UNDERSTUDY_CHAOS_S=300 swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter ChaosTests

FUZZ_S ?= 120
fuzz: ## hostile input for the real executables: lines, requests, media; FUZZ_S seconds each (120)
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	@for what in rpc web media; do python3 -B Tests/Fuzz/fuzz.py $$what --seconds $(FUZZ_S) || exit 1; done

format: ## format all Swift files
	swift format --in-place --recursive $(SOURCES)

lint: ## check the format, that foreign input is not trusted, and the graph of imports
	swift format lint --strict --recursive $(SOURCES)
	scripts/lint-untrusted.py
	scripts/import-graph.py

clean: ## remove what was built and the demo's store
	rm -rf .build store
