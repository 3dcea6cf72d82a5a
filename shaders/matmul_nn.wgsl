// Y = epilogue(X W + b), one matrix product per replica.  X (R,M,K)  W (R,K+1,N), its last row b  Y (R,M,N)
// A register tile per thread and no workgroup memory: fastest of the layouts tried on software adapters, and what the quickest
// generated WebGPU matmuls do on real ones. Sums run over K in a fixed order.
// #include lib/store_bias.wgsl
const TILE_ROWS = 4u;     // specialised
const TILE_COLUMNS = 2u;  // specialised: in vec4
const BIAS = 1u;          // specialised: 0 leaves b out, as in the tangent of X

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;

@compute @workgroup_size(8, 8)
fn matmul_nn(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x * TILE_COLUMNS;
  let row = id.y * TILE_ROWS;
  if (row >= shape.rows || column >= shape.columns) { return; }
  var x_at: array<u32, TILE_ROWS>;
  /*unroll*/ for (var i = 0u; i < TILE_ROWS; i++) { x_at[i] = id.z * shape.x_stride + min(row + i, shape.rows - 1u) * shape.inner; }
  var w_at: array<u32, TILE_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < TILE_COLUMNS; j++) { w_at[j] = id.z * shape.w_stride + min(column + j, shape.columns - 1u); }
  var sum: array<vec4f, TILE_ROWS * TILE_COLUMNS>;
  for (var k = 0u; k < shape.inner; k++) {
    var a: array<vec4f, TILE_ROWS>;
    /*unroll*/ for (var i = 0u; i < TILE_ROWS; i++) { a[i] = x[x_at[i] + k]; }
    /*unroll*/ for (var j = 0u; j < TILE_COLUMNS; j++) {
      let at = w_at[j] + 4u * k * shape.columns;
      let w0 = w[at];
      let w1 = w[at + shape.columns];
      let w2 = w[at + 2u * shape.columns];
      let w3 = w[at + 3u * shape.columns];
      /*unroll*/ for (var i = 0u; i < TILE_ROWS; i++) {
        sum[i * TILE_COLUMNS + j] = fma(vec4f(a[i].w), w3, fma(vec4f(a[i].z), w2, fma(vec4f(a[i].y), w1, fma(vec4f(a[i].x), w0, sum[i * TILE_COLUMNS + j]))));
      }
    }
  }
  /*unroll*/ for (var j = 0u; j < TILE_COLUMNS; j++) {
    if (column + j < shape.columns) {
      let bias = select(vec4f(), w[w_at[j] + 4u * shape.inner * shape.columns], BIAS == 1u);
      /*unroll*/ for (var i = 0u; i < TILE_ROWS; i++) {
        if (row + i < shape.rows) { store(id.z, row + i, column + j, sum[i * TILE_COLUMNS + j] + bias); }
      }
    }
  }
}
