// What a replica's user may turn while it trains: one per replica, written by the CPU only when a knob moves.
// Field names are the single source: the CPU packs values by reflection of this struct.
struct Knobs {
  seed: u32,
  images: u32,         // rows of the data set that are drawn from, the first ones
  batch: u32,          // samples of the whole batch that are learned from, the first ones; every micro-batch has as many of them
  t_min: f32,
  lambda: f32,
  lambda_start: u32,   // step before which the contrastive term is off
  lambda_ramp: u32,    // steps over which it grows to lambda
  tau: f32,
  variant: u32,        // 0 Algorithm 1, 1 equation 14, 2 InfoNCE
  divided: u32,        // squared distances over the number of feature dimensions
  flow_below: u32,     // the flow loss also covers t < t_min
  stratified: u32,
  fresh_noise: u32,    // anchors use a noise draw of their own
  sum_loss: u32,       // sum over pixels instead of mean
  learning_rate: f32,
  cosine: u32,
  total_steps: u32,
  warmup: u32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  weight_decay: f32,
  clip: f32,
  ema_decay: f32,
  term: u32,           // beside the flow loss: 0 none, or features against anchors; 1 all features apart; 2 another sample's target
  time_mean: f32,      // of logit t
  time_scale: f32,     // 0: uniform t
  time_sigma: f32,     // above 0: t/(1-t) is uniform up to it instead
  prediction: u32,     // the net's output: 0 velocity, 1 image, 2 noise
  error_of: u32,       // whose error is minimised, the same way
  least: f32,          // denominators of conversions are at least this, on the linear path
  negatives: u32,      // which other sample: 0 any, 1 of another class, 2 a permutation
  null_skip: u32,      // samples whose label was left out are pushed from none
  candidates: u32,     // images that the target is averaged over; 0: the sample's own target
  own_candidate: u32,  // the sample's own image is one of them
}
