// One Content-Security-Policy, sent as a header by `npm start` and written as a meta tag into the built page.
// Everything comes from our own origin; 'wasm-unsafe-eval' is for onnxruntime-web, blob: for charts and files the page makes itself.
const policy = {
  'default-src': "'self'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'worker-src': "'self' blob:",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' blob: data:",
  'connect-src': "'self' blob: data:",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
};

const write = (directives) =>
  Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

/** For a meta tag. */
export const csp = write(policy);

/** For a header: frame-ancestors is ignored in a meta tag. */
export const cspHeader = write({ ...policy, 'frame-ancestors': "'none'" });

/** `vite dev` needs an inline script (React refresh) and a socket. */
export const cspDevelopmentHeader = write({
  ...policy,
  'script-src': "'self' 'unsafe-inline' 'wasm-unsafe-eval'",
  'connect-src': "'self' blob: data: ws:",
});
