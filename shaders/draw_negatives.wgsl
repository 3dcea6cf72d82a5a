// For contrastive flow matching (arXiv 2506.05350): the sample j whose target v_i is pushed from, one for every sample i of the batch,
// or of the micro-batch, where it comes in P of them: then j is of the same one.
// Samples that the replica does not learn from are neither pushed nor pushed from.
//   negatives 0: any j ≠ i   1: any of another class, or as 0 where there is none   2: a random permutation, which may hit i itself
// labels (R,capacity)  negative (R,B).  One workgroup per replica.
// #include lib/philox.wgsl
// #include lib/knobs.wgsl
// #include lib/state.wgsl
const LANES = 256u;
const MOST = 2048u;  // largest batch
const NONE = 0xffffffffu;  // of a sample that is pushed from none
const LABELLED = 0u;  // specialised
struct Shape {
  batch: u32,      // B
  capacity: u32,
  parts: u32,      // P
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> knobs: array<Knobs>;
@group(0) @binding(2) var<storage, read> state: array<State>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> negative: array<u32>;

var<workgroup> words: array<u32, MOST>;

@compute @workgroup_size(LANES)
fn draw_negatives(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let r = group.z;
  let B = knobs[r].batch / shape.parts;
  for (var i = B + lane.x; i < shape.batch; i += LANES) { negative[r * shape.batch + i] = NONE; }
  for (var i = lane.x; i < B; i += LANES) {
    let number = i * shape.parts + state[r].part;
    words[i] = philox(vec4u(number / 4u, state[r].step, STREAM_NEGATIVE, 0u), vec2u(knobs[r].seed, 0u))[number % 4u];
  }
  workgroupBarrier();
  for (var i = lane.x; i < B; i += LANES) {
    if (knobs[r].negatives == 2u) {
      var rank = 0u;
      for (var j = 0u; j < B; j++) { rank += u32(words[j] < words[i] || (words[j] == words[i] && j < i)); }
      negative[r * shape.batch + rank] = i;
      continue;
    }
    var chosen = (i + 1u + philox_multiply_high(words[i], max(1u, B - 1u))) % B;
    if (LABELLED == 1u && knobs[r].negatives == 1u) {
      let own = labels[r * shape.capacity + i];
      var others = 0u;
      for (var j = 0u; j < B; j++) { others += u32(labels[r * shape.capacity + j] != own); }
      var left = philox_multiply_high(words[i], max(1u, others));
      for (var j = 0u; j < B && others > 0u; j++) {
        if (labels[r * shape.capacity + j] == own) { continue; }
        if (left == 0u) {
          chosen = j;
          break;
        }
        left--;
      }
    }
    negative[r * shape.batch + i] = chosen;
  }
}
