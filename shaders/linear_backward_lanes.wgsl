// linear_backward for adapters where a load costs more than arithmetic, as matmul_nn_lanes is matmul_nn's: the threads of a subgroup own
// columns and share rows, of which each loads one and hands it round. Each output is summed in the order of linear_backward.
//   the first `input_groups` workgroups:  dX = epilogue(dY Wᵀ)                       (R,M,K)
//   the others:                           dW = Xᵀ dY, its last row db = Σ_m dY       (S,R,K+1,N)
// X (R,M,K)  W (R,K+1,N)  dY (R,M,N)
enable subgroups;
// #include lib/input_gradient_activation.wgsl
// #include lib/hand_round.wgsl
const LANES = 8u;           // specialised: no subgroup is smaller
const INPUT_TURNS = 1u;     // specialised: rows of dY that each thread loads
const INPUT_COLUMNS = 1u;   // specialised: columns of dX per thread, in vec4
const WEIGHT_TURNS = 1u;    // specialised: fours of X's columns that each thread loads
const WEIGHT_COLUMNS = 1u;  // specialised: columns of dW per thread, in vec4
const STEP = 2u;            // specialised: rows of X and dY written out at a turn; more of them compile slower
const GROUP = 16u;          // specialised: threads of a workgroup, all of the same rows
const INPUT_ROWS = INPUT_TURNS * LANES;
const WEIGHT_ROWS = WEIGHT_TURNS * LANES;

struct Shape {
  rows: u32,          // M
  inner: u32,         // K / 4
  columns: u32,       // N / 4
  x_stride: u32,      // between replicas, in vec4
  w_stride: u32,
  y_stride: u32,
  dx_stride: u32,
  slices: u32,        // S
  slice_stride: u32,  // between planes, in vec4
  input_groups: u32,  // 0 when nobody wants dX
  activation: u32,    // 0 GELU, 1 SiLU, 2 none
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dw: array<vec4f>;

@compute @workgroup_size(GROUP)
fn linear_backward_lanes(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation % LANES;
  if (group.x < shape.input_groups) {
    let tiles = (shape.inner + GROUP * INPUT_COLUMNS - 1u) / (GROUP * INPUT_COLUMNS);
    input(group.z, group.x / tiles * INPUT_ROWS, (group.x % tiles * GROUP + thread.x) * INPUT_COLUMNS, lane);
  } else {
    let tile = group.x - shape.input_groups;
    let across = (shape.columns + GROUP * WEIGHT_COLUMNS - 1u) / (GROUP * WEIGHT_COLUMNS);
    let down = (shape.inner + WEIGHT_ROWS - 1u) / WEIGHT_ROWS;
    weight(group.z, tile / (across * down), tile / across % down * WEIGHT_ROWS, (tile % across * GROUP + thread.x) * WEIGHT_COLUMNS, lane);
  }
}

fn input(replica: u32, row: u32, column: u32, lane: u32) {
  var dy_at: array<u32, INPUT_TURNS>;
  /*unroll*/ for (var p = 0u; p < INPUT_TURNS; p++) { dy_at[p] = replica * shape.y_stride + min(row + p * LANES + lane, shape.rows - 1u) * shape.columns; }
  var w_at: array<u32, INPUT_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < INPUT_COLUMNS; j++) { w_at[j] = replica * shape.w_stride + 4u * min(column + j, shape.inner - 1u) * shape.columns; }
  var sum: array<vec4f, INPUT_ROWS * INPUT_COLUMNS>;
  for (var n = 0u; n < shape.columns; n++) {
    var a: array<vec4f, INPUT_ROWS>;
    /*unroll*/ for (var p = 0u; p < INPUT_TURNS; p++) {
      let all = hand_round(dy[dy_at[p] + n]);
      /*unroll*/ for (var l = 0u; l < LANES; l++) { a[p * LANES + l] = all[l]; }
    }
    /*unroll*/ for (var j = 0u; j < INPUT_COLUMNS; j++) {
      let w0 = w[w_at[j] + n];
      let w1 = w[w_at[j] + n + shape.columns];
      let w2 = w[w_at[j] + n + 2u * shape.columns];
      let w3 = w[w_at[j] + n + 3u * shape.columns];
      /*unroll*/ for (var p = 0u; p < INPUT_TURNS; p++) {
        /*unroll*/ for (var l = 0u; l < LANES; l++) {
          let r = a[p * LANES + l];
          sum[(p * LANES + l) * INPUT_COLUMNS + j] += vec4f(dot(r, w0), dot(r, w1), dot(r, w2), dot(r, w3));
        }
      }
    }
  }
  // Out in a loop that no compiler can unroll, through a copy, as in matmul_nn_lanes.
  var done: array<vec4f, INPUT_ROWS * INPUT_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < INPUT_COLUMNS; j++) {
    /*unroll*/ for (var p = 0u; p < INPUT_TURNS; p++) {
      /*unroll*/ for (var l = 0u; l < LANES; l++) { done[(p * LANES + l) * INPUT_COLUMNS + j] = 1.0 * sum[(p * LANES + l) * INPUT_COLUMNS + j]; }
    }
  }
  for (var i = 0u; i < select(INPUT_ROWS, 0u, shape.rows == 0u); i++) {
    let m = row + (i ^ lane);
    /*unroll*/ for (var j = 0u; j < INPUT_COLUMNS; j++) {
      if (m < shape.rows && column + j < shape.inner) {
        let at = m * shape.inner + column + j;
        dx[replica * shape.dx_stride + at] = input_gradient(replica * shape.x_stride + at, done[i * INPUT_COLUMNS + j]);
      }
    }
  }
}

// `row` counts fours of dW's rows; the bias row, for which X is one, goes with the first. STEP rows of X at a turn; those past the end are zero.
fn weight(replica: u32, slice: u32, row: u32, column: u32, lane: u32) {
  let length = (shape.rows + shape.slices - 1u) / shape.slices;
  let start = slice * length;
  let to = min(start + length, shape.rows);
  var a_at: array<u32, WEIGHT_TURNS>;
  /*unroll*/ for (var p = 0u; p < WEIGHT_TURNS; p++) { a_at[p] = replica * shape.x_stride + min(row + p * LANES + lane, shape.inner - 1u); }
  var b_at: array<u32, WEIGHT_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) { b_at[j] = replica * shape.y_stride + min(column + j, shape.columns - 1u); }
  var sum: array<vec4f, 4u * WEIGHT_ROWS * WEIGHT_COLUMNS>;
  var bias: array<vec4f, WEIGHT_COLUMNS>;
  for (var m = start; m < to; m += STEP) {
    /*unroll*/ for (var u = 0u; u < STEP; u++) {
      let at = min(m + u, to - 1u);
      let one = select(0.0, 1.0, m + u < to);
      var b: array<vec4f, WEIGHT_COLUMNS>;
      /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) {
        b[j] = dy[b_at[j] + at * shape.columns];
        bias[j] = fma(vec4f(one), b[j], bias[j]);
      }
      /*unroll*/ for (var p = 0u; p < WEIGHT_TURNS; p++) {
        let all = hand_round(select(vec4f(), x[a_at[p] + at * shape.inner], m + u < to));
        /*unroll*/ for (var l = 0u; l < LANES; l++) {
          /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) {
            sum[(4u * (p * LANES + l) + 0u) * WEIGHT_COLUMNS + j] = fma(vec4f(all[l].x), b[j], sum[(4u * (p * LANES + l) + 0u) * WEIGHT_COLUMNS + j]);
            sum[(4u * (p * LANES + l) + 1u) * WEIGHT_COLUMNS + j] = fma(vec4f(all[l].y), b[j], sum[(4u * (p * LANES + l) + 1u) * WEIGHT_COLUMNS + j]);
            sum[(4u * (p * LANES + l) + 2u) * WEIGHT_COLUMNS + j] = fma(vec4f(all[l].z), b[j], sum[(4u * (p * LANES + l) + 2u) * WEIGHT_COLUMNS + j]);
            sum[(4u * (p * LANES + l) + 3u) * WEIGHT_COLUMNS + j] = fma(vec4f(all[l].w), b[j], sum[(4u * (p * LANES + l) + 3u) * WEIGHT_COLUMNS + j]);
          }
        }
      }
    }
  }
  var done: array<vec4f, 4u * WEIGHT_ROWS * WEIGHT_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) {
    /*unroll*/ for (var p = 0u; p < WEIGHT_TURNS; p++) {
      /*unroll*/ for (var l = 0u; l < LANES; l++) {
        /*unroll*/ for (var e = 0u; e < 4u; e++) { done[(4u * (p * LANES + l) + e) * WEIGHT_COLUMNS + j] = 1.0 * sum[(4u * (p * LANES + l) + e) * WEIGHT_COLUMNS + j]; }
      }
    }
  }
  let plane = slice * shape.slice_stride + replica * shape.w_stride;
  for (var i = 0u; i < select(4u * WEIGHT_ROWS, 0u, shape.rows == 0u); i++) {
    let k = 4u * row + (i ^ (4u * lane));
    /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) {
      if (k < 4u * shape.inner && column + j < shape.columns) { dw[plane + k * shape.columns + column + j] = done[i * WEIGHT_COLUMNS + j]; }
    }
  }
  /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) {
    if (row == 0u && column + j < shape.columns) { dw[plane + 4u * shape.inner * shape.columns + column + j] = bias[j]; }
  }
}
