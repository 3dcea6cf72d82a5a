// matmul_nn for adapters where a load costs more than arithmetic (software ones fetch lane by lane): the threads of a subgroup own columns of
// Y and share its rows: each loads one row of X and hands it round.  X (R,M,K)  W (R,K+1,N)  Y (R,M,N)
// Each output is summed in the order of matmul_nn.
enable subgroups;
// #include lib/store_bias.wgsl
// #include lib/hand_round.wgsl
const LANES = 8u;         // specialised: no subgroup is smaller
const TURNS = 1u;         // specialised: rows of X that each of them loads
const TILE_COLUMNS = 1u;  // specialised: in vec4
const GROUP = 16u;        // specialised: threads of a workgroup, all of the same rows
const BIAS = 1u;          // specialised: 0 leaves b out, as in the tangent of X
const TILE_ROWS = TURNS * LANES;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;

@compute @workgroup_size(GROUP)
fn matmul_nn_lanes(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation % LANES;
  let column = (group.x * GROUP + thread.x) * TILE_COLUMNS;
  let row = group.y * TILE_ROWS;
  var x_at: array<u32, TURNS>;
  /*unroll*/ for (var p = 0u; p < TURNS; p++) { x_at[p] = group.z * shape.x_stride + min(row + p * LANES + lane, shape.rows - 1u) * shape.inner; }
  var w_at: array<u32, TILE_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < TILE_COLUMNS; j++) { w_at[j] = group.z * shape.w_stride + min(column + j, shape.columns - 1u); }
  // Row p · LANES + l counts from this thread: l is what separates it from the row's own.
  var sum: array<vec4f, TILE_ROWS * TILE_COLUMNS>;
  for (var k = 0u; k < shape.inner; k++) {
    var a: array<vec4f, TILE_ROWS>;
    /*unroll*/ for (var p = 0u; p < TURNS; p++) {
      let all = hand_round(x[x_at[p] + k]);
      /*unroll*/ for (var l = 0u; l < LANES; l++) { a[p * LANES + l] = all[l]; }
    }
    /*unroll*/ for (var j = 0u; j < TILE_COLUMNS; j++) {
      let at = w_at[j] + 4u * k * shape.columns;
      let w0 = w[at];
      let w1 = w[at + shape.columns];
      let w2 = w[at + 2u * shape.columns];
      let w3 = w[at + 3u * shape.columns];
      /*unroll*/ for (var p = 0u; p < TURNS; p++) {
        /*unroll*/ for (var l = 0u; l < LANES; l++) {
          let r = a[p * LANES + l];
          sum[(p * LANES + l) * TILE_COLUMNS + j] = fma(vec4f(r.w), w3, fma(vec4f(r.z), w2, fma(vec4f(r.y), w1, fma(vec4f(r.x), w0, sum[(p * LANES + l) * TILE_COLUMNS + j]))));
        }
      }
    }
  }
  // Rows leave in a loop that no compiler can unroll: one store compiles several times faster than eight. The copy keeps `sum` in registers.
  var done: array<vec4f, TILE_ROWS * TILE_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < TILE_COLUMNS; j++) {
    let bias = select(vec4f(), w[w_at[j] + 4u * shape.inner * shape.columns], BIAS == 1u);
    /*unroll*/ for (var p = 0u; p < TURNS; p++) {
      /*unroll*/ for (var l = 0u; l < LANES; l++) { done[(p * LANES + l) * TILE_COLUMNS + j] = sum[(p * LANES + l) * TILE_COLUMNS + j] + bias; }
    }
  }
  for (var i = 0u; i < select(TILE_ROWS, 0u, shape.rows == 0u); i++) {
    let at = row + (i ^ lane);
    /*unroll*/ for (var j = 0u; j < TILE_COLUMNS; j++) {
      if (at < shape.rows && column + j < shape.columns) { store(group.z, at, column + j, done[i * TILE_COLUMNS + j]); }
    }
  }
}
