# One configuration for everything: release, with testing enabled. The executables are in .build/release.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
SOURCES := Package.swift Sources services Tests Benchmarks

.PHONY: help build demo check test bench-build bench-media chaos fuzz bench-takeover bench-s3 bench-logs bench-page bench-wire install uninstall deb images format lint clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build everything, tests included
	@scripts/setup.sh
	swift build $(SWIFT_FLAGS) --build-tests

demo: ## make the sample film, with a lead that fails
	@scripts/setup.sh
	@[ -x .build/release/understudy ] || echo 'demo: building the services; the first build takes about five minutes on two cores'
	UNDERSTUDY_BUILD=demo swift build $(SWIFT_FLAGS)
	.build/release/understudy demo --store store

check: lint ## make lint, then the unit tests
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	@scripts/test.sh unit

test: check ## make check, then the tests of the stack, the page and the containers
	@scripts/test.sh rest

images: ## build the images of compose/docker-compose.yml from the sources
	@scripts/setup.sh dist
	scripts/images.sh source

install: ## install below PREFIX (/usr/local) and DESTDIR (none): see compose/systemd/README.md
	@scripts/setup.sh dist
	swift build $(SWIFT_FLAGS)
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh

uninstall: ## remove what `make install` installed
	PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh uninstall

deb: ## make a Debian package, in .build/deb
	@scripts/setup.sh dist
	swift build $(SWIFT_FLAGS)
	scripts/deb.sh

bench-media: ## measure pictures and sound against the ffmpeg command line, a few minutes
	@scripts/setup.sh bench
	swift build $(SWIFT_FLAGS) --build-tests
	Benchmarks/media.py

bench-build: ## measure where a clean build spends its time, five to twelve minutes
	@scripts/setup.sh
	Benchmarks/build.py demo

bench-takeover: ## measure jobs per second, restarts and the latency of a takeover, two minutes
	@scripts/setup.sh
	swift build $(SWIFT_FLAGS) --build-tests
	UNDERSTUDY_BENCH=1 swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter TakeoverBench | grep '^bench:'
	Benchmarks/takeover.py

bench-s3: ## measure transfers of 1 GiB against curl and boto3, a few minutes
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	UNDERSTUDY_BENCH=1 swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter S3Bench | grep '^bench:'

bench-wire: ## measure calls over sockets against gRPC, Python's asyncio and socat, two minutes; builds gRPC once
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	Benchmarks/wire.py

bench-logs: ## measure log events per second against Python's logging and boto3, half a minute
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	Benchmarks/logs.py

bench-page: ## measure the page's first paint, messages, 500 watchers, and files against nginx, a few minutes
	@scripts/setup.sh bench
	swift build $(SWIFT_FLAGS) --build-tests
	Benchmarks/page.py

chaos: ## kill processes at random while jobs run, five minutes
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	UNDERSTUDY_CHAOS_S=300 swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter ChaosTests

FUZZ_S ?= 120
fuzz: ## send hostile lines, requests and media to the real executables, FUZZ_S seconds each (120)
	@scripts/setup.sh test
	swift build $(SWIFT_FLAGS) --build-tests
	@for what in rpc web media; do python3 -B Tests/Fuzz/fuzz.py $$what --seconds $(FUZZ_S) || exit 1; done

format: ## format all Swift files
	swift format --in-place --recursive $(SOURCES)

lint: ## check the format, the handling of untrusted input, the import graph and the documentation
	@command -v python3 >/dev/null || scripts/setup.sh test
	swift format lint --strict --recursive $(SOURCES)
	scripts/lint-untrusted.py
	scripts/import-graph.py
	scripts/doc-coverage.py
	scripts/lint-sources.py
	scripts/member-descriptions.py --check
	scripts/generate-clients.py --check

clean: ## remove the build and the demo's store
	rm -rf .build Benchmarks/Wire/.build store
