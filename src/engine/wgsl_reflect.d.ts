// The package's entry for Node is CommonJS under "type": "module" and cannot be loaded; its module build can, but has no types of its own.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect'
}
