// What the GPU keeps between and inside steps, one per replica. The CPU writes it only to start or resume.
struct State {
  step: u32,           // training steps begun: the Philox step
  updates: u32,        // optimiser updates made (skipped steps left out)
  skipped: u32,        // steps whose gradient was not finite
  empty: u32,          // steps with the contrastive term on and nothing below t_min
  low: u32,            // samples of this micro-batch with t < t_min; they stand first
  anchors: u32,        // of these, how many have an anchor: low, or 0 while the contrastive term is off
  lambda: f32,         // as ramped at this step
  finite: u32,         // whether this step's gradient was: 1, or 0; 2 before its last micro-batch
  scale: f32,          // clip factor
  rate: f32,           // learning rate after warm-up and schedule
  correction1: f32,    // 1 / (1 - beta1^n)
  correction2: f32,    // 1 / (1 - beta2^n)
  ema: f32,            // EMA decay after its own warm-up
  part: u32,           // micro-batches of this step that are done; 0 between steps
  whole_low: u32,      // low of the whole batch, all its micro-batches together
  whole_anchors: u32,  // anchors likewise
}
