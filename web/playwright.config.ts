/** Owns how the browser tests run. Must not know what they test. */
import { defineConfig } from '@playwright/test';

// A whole journey with two programs and a browser on a busy two-core machine.
const TEST_TIMEOUT_MS = 180_000;
// Until a fact that a test waits for must be true.
const EXPECT_TIMEOUT_MS = 20_000;

// They install other people's programs from the network: `cargo xtask test --agents` says where their providers are.
const REAL_AGENTS = process.env.RAVEN_STUB_BIN ? [] : ['real-*.spec.ts'];

export default defineConfig({
  testDir: './tests/browser',
  testIgnore: REAL_AGENTS,
  outputDir: './test-results/traces',
  timeout: TEST_TIMEOUT_MS,
  expect: { timeout: EXPECT_TIMEOUT_MS },
  // One pair of programs, one browser at a time.
  workers: 1,
  // A test that fails and then holds is listed as flaky, with its trace.
  retries: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    actionTimeout: EXPECT_TIMEOUT_MS,
    launchOptions: {
      executablePath: process.env.RAVEN_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // The DOM renderer, so that a terminal's rows can be read.
        '--disable-3d-apis',
      ],
    },
  },
});
