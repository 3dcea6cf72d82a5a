import { rmSync } from 'node:fs';

/** Removes the page that was built for the browser tests. */
export default function teardown() {
  if (process.env.LNL_E2E_OUT) rmSync(process.env.LNL_E2E_OUT, { recursive: true, force: true });
}
