// Size of an embedded pair's error in one step: root mean square of Σ_j along_j k_j / (atol + rtol max(|x|, |y|)) over the samples of a replica
// (Hairer, Nørsett and Wanner, Solving ODEs I, eq. II.4.11).  x, y (R,samples,d)  k (planes,R,samples,d)  along (R,8)  norm (R).  One workgroup per replica.
const LANES = 256u;
struct Shape {
  length: u32,   // samples · d
  planes: u32,
  atol: f32,
  rtol: f32,
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> along: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> k: array<f32>;
@group(0) @binding(5) var<storage, read_write> norm: array<f32>;

var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn solver_error(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let plane = groups.z * shape.length;
  var sum = 0.0;
  for (var i = lane.x; i < shape.length; i += LANES) {
    let at = group.z * shape.length + i;
    var off = 0.0;
    for (var j = 0u; j < shape.planes; j++) { off += along[8u * group.z + j] * k[j * plane + at]; }
    let relative = off / (shape.atol + shape.rtol * max(abs(x[at]), abs(y[at])));
    sum += relative * relative;
  }
  partial[lane.x] = sum;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) { partial[lane.x] += partial[lane.x + half]; }
  }
  if (lane.x == 0u) { norm[group.z] = sqrt(partial[0] / f32(shape.length)); }
}
