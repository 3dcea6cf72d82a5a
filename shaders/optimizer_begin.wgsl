// Once per step and replica, before adamw: gradient norm, clip factor, learning rate, bias corrections, EMA decay, counters, and the
// step's row of metrics. With PARTS > 1 it comes after each micro-batch, and after all but the last it only adds up. A gradient that is not finite skips the update and is counted. WGSL lets compilers assume that NaN does not
// exist, so the bits are tested.
// partials (R,64)  loss (R,B)  rows (R,B) of the term beside the flow loss  metrics (RING,R,12)
// #include lib/knobs.wgsl
// #include lib/state.wgsl
// #include lib/compared.wgsl
// #include lib/trigonometry.wgsl
const LANES = 64u;
const RING = 1024u;  // specialised: steps the ring holds
const PARTS = 1u;    // specialised: micro-batches of a step
struct Shape {
  replicas: u32,
  batch: u32,      // of one micro-batch
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read_write> state: array<State>;
@group(0) @binding(3) var<storage, read> partials: array<f32>;
@group(0) @binding(4) var<storage, read> loss: array<f32>;
@group(0) @binding(5) var<storage, read> rows: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> metrics: array<vec4f>;

var<workgroup> sums: array<vec4f, LANES>;
var<workgroup> squares: array<f32, LANES>;

// 1 − base^exponent by repeated squaring of 1 − base: base^n itself lies so near 1 in early steps that the difference loses its digits.
fn one_minus_power(base: f32, exponent: u32) -> f32 {
  var result = 0.0;
  var factor = 1.0 - base;
  for (var n = exponent; n > 0u; n >>= 1u) {
    if ((n & 1u) == 1u) { result += factor - result * factor; }
    factor *= 2.0 - factor;
  }
  return result;
}

@compute @workgroup_size(LANES)
fn optimizer_begin(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let r = group.z;
  let knob = knobs[r];
  let low = select(state[r].low, 0u, knob.flow_below == 1u);
  let learned = knob.batch / PARTS;
  let compared = rows_compared(knob.term, state[r].anchors, state[r].lambda, learned);
  var sum = vec4f();
  for (var i = lane.x; i < learned; i += LANES) {
    if (i >= low) { sum.x += loss[r * shape.batch + i]; }
    if (i < compared) { sum += vec4f(0.0, rows[r * shape.batch + i].xyz); }
  }
  sums[lane.x] = sum;
  squares[lane.x] = partials[r * LANES + lane.x];
  // From a number that the compiler does not know, or it writes all turns out, which takes some drivers longer to compile than the rest.
  for (var half = select(LANES / 2u, 0u, shape.replicas == 0u); half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) {
      sums[lane.x] += sums[lane.x + half];
      squares[lane.x] += squares[lane.x + half];
    }
  }
  if (lane.x > 0u) { return; }

  // Field by field: some drivers compile a load or a store for each field of a struct that is copied whole.
  let now = &state[r];
  let to = ((now.step % RING) * shape.replicas + r) * 3u;
  var sum_of_parts = sums[0];
  if (PARTS > 1u) {
    // The step's row of metrics holds the sums until the last part is done.
    if (now.part > 0u) { sum_of_parts += metrics[to]; }
    now.part += 1u;
    if (now.part < PARTS) {
      metrics[to] = sum_of_parts;
      now.finite = 2u;  // nothing for adamw yet
      return;
    }
    now.part = 0u;
  }
  let whole_compared = rows_compared(knob.term, now.whole_anchors, now.lambda, knob.batch);
  let flow = sum_of_parts.x / f32(max(1u, knob.batch - select(now.whole_low, 0u, knob.flow_below == 1u)));
  let contrastive = sum_of_parts.yzw / f32(max(1u, whole_compared));
  let norm = sqrt(squares[0]);
  let finite = (bitcast<u32>(squares[0]) & 0x7f800000u) != 0x7f800000u;
  now.finite = u32(finite);
  if (finite) {
    let n = now.updates + 1u;
    now.updates = n;
    now.scale = select(1.0, min(1.0, knob.clip / (norm + 1e-6)), knob.clip > 0.0);
    var rate = knob.learning_rate;
    if (n <= knob.warmup) {
      rate *= f32(n) / f32(knob.warmup);
    } else if (knob.cosine == 1u) {
      let done = f32(n - 1u - knob.warmup) / f32(max(1u, knob.total_steps - min(knob.total_steps, knob.warmup)));
      rate *= 0.5 * (1.0 + cos_sin_turns(0.5 * min(1.0, done)).x);
    }
    now.rate = rate;
    now.correction1 = 1.0 / one_minus_power(knob.beta1, n);
    now.correction2 = 1.0 / one_minus_power(knob.beta2, n);
    now.ema = min(knob.ema_decay, f32(1u + n) / f32(10u + n));
  } else {
    now.skipped += 1u;
  }
  now.empty += u32(knob.term == 0u && now.lambda > 0.0 && now.whole_low == 0u);
  let step = now.step;
  metrics[to] = vec4f(bitcast<f32>(step), flow, contrastive.x, norm);
  metrics[to + 1u] = vec4f(now.rate, f32(whole_compared), contrastive.y, contrastive.z);
  metrics[to + 2u] = vec4f(f32(now.skipped), f32(now.empty), now.lambda, f32(now.whole_low));
  now.step = step + 1u;
}
