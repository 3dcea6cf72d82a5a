// Both gradients of Y = X W + b in one dispatch, for they share nothing but dY and two small launches fill a GPU badly:
//   the first `input_groups` workgroups:  dX = epilogue(dY Wᵀ)                       (R,M,K)
//   the others:                           dW = Xᵀ dY, its last row db = Σ_m dY       (S,R,K+1,N)
// M is cut into S slices, each summed into a plane of its own; gradient_reduce adds the planes in order. No atomics.
// X (R,M,K)  W (R,K+1,N)  dY (R,M,N)
// #include lib/input_gradient.wgsl
const INPUT_ROWS = 4u;      // specialised: rows of dX per thread
const INPUT_COLUMNS = 2u;   // specialised: columns of dX per thread, in vec4
const WEIGHT_ROWS = 1u;     // specialised: rows of dW per thread, in fours
const WEIGHT_COLUMNS = 2u;  // specialised: columns of dW per thread, in vec4

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
  activation: u32,    // for epilogues that go through one: 0 GELU, 1 SiLU
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dw: array<vec4f>;

@compute @workgroup_size(8, 8)
fn linear_backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  if (group.x < shape.input_groups) {
    let tiles = (shape.inner + 8u * INPUT_COLUMNS - 1u) / (8u * INPUT_COLUMNS);
    input(group.z, ((group.x / tiles) * 8u + lane.y) * INPUT_ROWS, ((group.x % tiles) * 8u + lane.x) * INPUT_COLUMNS);
  } else {
    let tile = group.x - shape.input_groups;
    let across = (shape.columns + 8u * WEIGHT_COLUMNS - 1u) / (8u * WEIGHT_COLUMNS);
    let down = (shape.inner + 1u + 8u * WEIGHT_ROWS - 1u) / (8u * WEIGHT_ROWS);
    let row = ((tile / across) % down * 8u + lane.y) * WEIGHT_ROWS;
    weight(group.z, tile / (across * down), row, (tile % across * 8u + lane.x) * WEIGHT_COLUMNS);
  }
}

fn input(replica: u32, row: u32, column: u32) {
  if (row >= shape.rows || column >= shape.inner) { return; }
  var dy_at: array<u32, INPUT_ROWS>;
  /*unroll*/ for (var i = 0u; i < INPUT_ROWS; i++) { dy_at[i] = replica * shape.y_stride + min(row + i, shape.rows - 1u) * shape.columns; }
  var w_at: array<u32, INPUT_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < INPUT_COLUMNS; j++) { w_at[j] = replica * shape.w_stride + 4u * min(column + j, shape.inner - 1u) * shape.columns; }
  var sum: array<vec4f, INPUT_ROWS * INPUT_COLUMNS>;
  for (var n = 0u; n < shape.columns; n++) {
    var a: array<vec4f, INPUT_ROWS>;
    /*unroll*/ for (var i = 0u; i < INPUT_ROWS; i++) { a[i] = dy[dy_at[i] + n]; }
    /*unroll*/ for (var j = 0u; j < INPUT_COLUMNS; j++) {
      let w0 = w[w_at[j] + n];
      let w1 = w[w_at[j] + n + shape.columns];
      let w2 = w[w_at[j] + n + 2u * shape.columns];
      let w3 = w[w_at[j] + n + 3u * shape.columns];
      /*unroll*/ for (var i = 0u; i < INPUT_ROWS; i++) {
        sum[i * INPUT_COLUMNS + j] += vec4f(dot(a[i], w0), dot(a[i], w1), dot(a[i], w2), dot(a[i], w3));
      }
    }
  }
  /*unroll*/ for (var i = 0u; i < INPUT_ROWS; i++) {
    /*unroll*/ for (var j = 0u; j < INPUT_COLUMNS; j++) {
      if (row + i < shape.rows && column + j < shape.inner) {
        let at = (row + i) * shape.inner + column + j;
        dx[replica * shape.dx_stride + at] = input_gradient(replica * shape.x_stride + at, sum[i * INPUT_COLUMNS + j]);
      }
    }
  }
}

// `row` counts fours of dW's rows; row K/4 is the bias row, for which X is one.
fn weight(replica: u32, slice: u32, row: u32, column: u32) {
  if (row > shape.inner || column >= shape.columns) { return; }
  let length = (shape.rows + shape.slices - 1u) / shape.slices;
  let start = slice * length;
  let to = min(start + length, shape.rows);
  var b_at: array<u32, WEIGHT_COLUMNS>;
  /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) { b_at[j] = replica * shape.y_stride + start * shape.columns + min(column + j, shape.columns - 1u); }
  var a_at: array<u32, WEIGHT_ROWS>;
  /*unroll*/ for (var i = 0u; i < WEIGHT_ROWS; i++) { a_at[i] = replica * shape.x_stride + start * shape.inner + min(row + i, shape.inner - 1u); }
  var sum: array<vec4f, 4u * WEIGHT_ROWS * WEIGHT_COLUMNS>;
  for (var m = start; m < to; m++) {
    var b: array<vec4f, WEIGHT_COLUMNS>;
    /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) {
      b[j] = dy[b_at[j]];
      b_at[j] += shape.columns;
    }
    /*unroll*/ for (var i = 0u; i < WEIGHT_ROWS; i++) {
      let a = select(vec4f(1.0, 0.0, 0.0, 0.0), x[a_at[i]], row + i < shape.inner);
      a_at[i] += shape.inner;
      /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) {
        sum[(4u * i + 0u) * WEIGHT_COLUMNS + j] = fma(vec4f(a.x), b[j], sum[(4u * i + 0u) * WEIGHT_COLUMNS + j]);
        sum[(4u * i + 1u) * WEIGHT_COLUMNS + j] = fma(vec4f(a.y), b[j], sum[(4u * i + 1u) * WEIGHT_COLUMNS + j]);
        sum[(4u * i + 2u) * WEIGHT_COLUMNS + j] = fma(vec4f(a.z), b[j], sum[(4u * i + 2u) * WEIGHT_COLUMNS + j]);
        sum[(4u * i + 3u) * WEIGHT_COLUMNS + j] = fma(vec4f(a.w), b[j], sum[(4u * i + 3u) * WEIGHT_COLUMNS + j]);
      }
    }
  }
  let plane = slice * shape.slice_stride + replica * shape.w_stride;
  /*unroll*/ for (var i = 0u; i < WEIGHT_ROWS; i++) {
    /*unroll*/ for (var j = 0u; j < WEIGHT_COLUMNS; j++) {
      /*unroll*/ for (var e = 0u; e < 4u; e++) {
        if (column + j < shape.columns && (row + i < shape.inner || (row + i == shape.inner && e == 0u))) {
          dw[plane + (4u * (row + i) + e) * shape.columns + column + j] = sum[(4u * i + e) * WEIGHT_COLUMNS + j];
        }
      }
    }
  }
}
