/**
 * What the tensors and stages of a training step are, in words, and their shapes in the house's letters. Everything else of a walk is read
 * off the recording; a tensor that is missing here is shown all the same, by its recorded name and its numbers alone.
 */

export interface TensorWords {
  /** Shapes it may have, axes apart by spaces; B stands for the samples, with anchors 2B. The first that fits its length holds. */
  shapes: readonly string[]
  words: string
}

const image = ['B ch h w']
const perSample = ['B']
const vectors = ['B C']
const tokens = ['B T C']
const features = ['B C', 'B T C']

/** By recorded name without the number of the block. */
export const tensorWords: Record<string, TensorWords> = {
  'batch t': { shapes: perSample, words: 'Noise level t of every image in the batch, drawn uniformly; those below T_min come first where a method has one' },
  'batch source': { shapes: perSample, words: 'Number of each sample before low-noise ones were put first' },
  'batch row': { shapes: perSample, words: 'Which training image each sample is' },
  'batch labels': { shapes: perSample, words: 'Class of each image; K where the label was left out' },
  'batch noise': { shapes: image, words: 'ε: standard normal noise, one number for every pixel' },
  'batch x_t': { shapes: image, words: 'x_t = (1 − t) x₀ + t ε, on another path α x₀ + β ε: the noised image that the net sees' },
  'batch target': { shapes: image, words: 'ε − x₀, on another path α′ x₀ + β′ ε: the velocity that the net is to say' },
  paths: { shapes: ['3268'], words: 'The path: α, β, α′ and β′ of each piece of the noise levels as polynomials' },
  'training images': { shapes: ['N ch h w'], words: 'All training images' },
  'training classes': { shapes: ['N'], words: 'Their classes' },
  'batch place': { shapes: perSample, words: 'Where each image stands in the whole batch, all its micro-batches put in one order' },
  negatives: { shapes: perSample, words: 'Which other image of the batch each one is told apart from' },
  'position embedding': { shapes: ['T C'], words: 'Where each token stands: sines and cosines of its place' },
  'time frequencies': { shapes: ['256'], words: 'Frequencies of the time features' },
  patches: { shapes: ['B T Pv'], words: 'The noised image cut into patches: one row for each token' },
  x: { shapes: tokens, words: 'Tokens: each patch through one linear layer, plus where it stands in the image. The start of the residual stream' },
  'time features': { shapes: ['B 256'], words: 'Sines and cosines of the noise level at 128 frequencies' },
  'time hidden': { shapes: vectors, words: 'Time features through the first layer, before SiLU' },
  'time active': { shapes: vectors, words: 'The same after SiLU' },
  c: { shapes: vectors, words: 'c: what each image is conditioned on, its noise level and, with classes, its label' },
  condition: { shapes: vectors, words: 'SiLU of c' },
  'bottleneck mean': { shapes: vectors, words: 'Mean token after the bottleneck block: what the blocks up to it have found' },
  'bottleneck y': { shapes: vectors, words: 'The same at mean 0 and variance 1, then times 1 + scale, plus shift' },
  'bottleneck statistics': { shapes: ['B 2'], words: 'Its mean and 1/SD, kept for the backward pass' },
  'late c': { shapes: vectors, words: 'c plus what self-conditioning makes of the bottleneck through one linear layer: what all later blocks are conditioned on' },
  'late condition': { shapes: vectors, words: 'SiLU of it' },
  'late modulation': { shapes: ['B Ml C'], words: 'Shift, scale and gate of the blocks after the bottleneck, then shift and scale of the head' },
  'self-condition learns': { shapes: ['1'], words: 'Whether self-conditioning learns, 1, or its method holds it as it is, 0' },
  modulation: { shapes: ['B M C'], words: 'Shift, scale and gate of attention and MLP of every block, then shift and scale of the head: all made of c by one wide layer' },
  y1: { shapes: tokens, words: 'Modulated norm before attention: each token to mean 0 and variance 1, then times 1 + scale, plus shift' },
  statistics1: { shapes: ['B T 2'], words: 'Mean and 1/SD of each token, kept for the backward pass' },
  qkv: { shapes: ['B T 3C'], words: 'Queries, keys and values of every token, all heads side by side' },
  attention: { shapes: tokens, words: 'What each token gathers: values of all tokens, weighted by attention, heads side by side' },
  'log-sum-exp': { shapes: ['B H T'], words: 'log Σ exp of each query’s scores. With it the backward pass makes the attention weights anew instead of storing them' },
  branch1: { shapes: tokens, words: 'Attention’s answer through one linear layer, before its gate' },
  middle: { shapes: tokens, words: 'Residual stream after attention: x + gate · branch' },
  y2: { shapes: tokens, words: 'Modulated norm before the MLP' },
  statistics2: { shapes: ['B T 2'], words: 'Mean and 1/SD of each token, kept for the backward pass' },
  hidden: { shapes: ['B T 4C'], words: 'MLP’s hidden layer, four times as wide, before GELU' },
  active: { shapes: ['B T 4C'], words: 'The same after GELU' },
  branch2: { shapes: tokens, words: 'MLP’s answer, before its gate' },
  out: { shapes: tokens, words: 'Residual stream after the block: middle + gate · branch' },
  final: { shapes: tokens, words: 'Modulated norm of the head' },
  'final statistics': { shapes: ['B T 2'], words: 'Mean and 1/SD of each token, kept for the backward pass' },
  output: { shapes: ['B T Pv'], words: 'One patch of the velocity for each token' },
  answer: { shapes: image, words: 'What the net says, patches put together again, where that is not the velocity itself' },
  velocity: { shapes: image, words: 'The net’s answer as a velocity: patches put together again' },
  'weighed velocity': { shapes: image, words: 'The velocity times the weight that makes its error that of the image or of the noise' },
  'weighed target': { shapes: image, words: 'The target times the same weight' },
  'd weighed velocity': { shapes: image, words: 'Gradient of the weighed error' },
  loss: { shapes: perSample, words: 'Squared error of each image' },
  'd velocity': { shapes: image, words: 'Where everything backward begins: 2 (v − v*) over the number of values' },
  features: { shapes: features, words: 'Features that the contrastive term compares' },
  'feature 1/length': { shapes: perSample, words: '1 over the length of each feature' },
  'unit features': { shapes: features, words: 'Features at length 1' },
  'pair distances': { shapes: ['B B+1'], words: 'Squared distances of each low-noise feature to all others and, in the last column, to its anchor; then turned into shares' },
  'contrastive rows': { shapes: ['B 4'], words: 'Second term of the loss of each image; where anchors are, also the distance to its own and the mean distance to the others' },
  'd compared': { shapes: features, words: 'Gradient of the contrastive term towards what it compared' },
  'd features': { shapes: features, words: 'The same towards features before they were scaled to length 1' },
  'd features of the pass': { shapes: features, words: 'Its rows of this micro-batch: the term was made of the features of all micro-batches, in a round before this one' },
  'd answer': { shapes: image, words: 'Gradient towards what the net says' },
  'd output': { shapes: ['B T Pv'], words: 'Gradient of the velocity cut into patches' },
  'd y': { shapes: tokens, words: 'Gradient that reached the input of a linear layer' },
  'd x': { shapes: tokens, words: 'Gradient of the residual stream' },
  'd x next': { shapes: tokens, words: 'Gradient of the residual stream' },
  'd branch': { shapes: tokens, words: 'Gradient of the stream times the gate: what the branch before receives' },
  'd hidden': { shapes: ['B T 4C'], words: 'Gradient of the MLP’s hidden layer, through GELU' },
  'd qkv': { shapes: ['B T 3C'], words: 'Gradient of queries, keys and values' },
  'd delta': { shapes: ['B H T'], words: 'Σ dO · O of each query: what softmax takes back from every score' },
  'd late modulation': { shapes: ['B Ml C'], words: 'Gradient of the later shifts, scales and gates' },
  'd late c': { shapes: vectors, words: 'Gradient of what later blocks are conditioned on, through SiLU' },
  'd bottleneck y': { shapes: vectors, words: 'Gradient that reached the input of self-conditioning’s linear layer' },
  'd bottleneck mean': { shapes: vectors, words: 'Gradient of the mean token after the bottleneck' },
  'd self-condition': { shapes: vectors, words: 'The same as that of the late c where self-conditioning learns, else 0' },
  'd modulation': { shapes: ['B M C'], words: 'Gradient of shift, scale and gate: each a sum over its image’s tokens' },
  'd c': { shapes: vectors, words: 'Gradient of c, through SiLU' },
  'd time': { shapes: vectors, words: 'Gradient of the time embedding’s hidden layer' },
  'gradient planes': { shapes: ['parameters'], words: 'Gradients of all layers, in slices of the batch that are added up next' },
  gradients: { shapes: ['parameters'], words: 'Gradient of all parameters, slices added up; the same as in the moves before' },
  'gradient norm': { shapes: ['64'], words: 'Squares of the gradient in 64 partial sums: their root is the gradient’s length, by which it is clipped' },
  metrics: { shapes: ['1024 12'], words: 'Loss, gradient length, learning rate and counts of this step, as the charts show them' },
  weights: { shapes: ['parameters'], words: 'Weights after the step' },
  'Adam mean': { shapes: ['parameters'], words: 'Running mean of the gradient' },
  'Adam square': { shapes: ['parameters'], words: 'Running mean of the squared gradient' },
  'EMA weights': { shapes: ['parameters'], words: 'Running mean of the weights, which samples and evaluations use' },
}

/** Shapes of weights with the bias as the last row, by layer without the number of the block. */
export const layerShapes: Record<string, string> = {
  'x_embedder.proj': 'Pv+1 C', 't_embedder.mlp.0': '256+1 C', 't_embedder.mlp.2': 'C+1 C', modulation: 'C+1 A', 'late modulation': 'C+1 Al', 'self_condition.linear': 'C+1 C', 'attn.qkv': 'C+1 3C', 'attn.proj': 'C+1 C',
  'mlp.fc1': 'C+1 4C', 'mlp.fc2': '4C+1 C', 'final_layer.linear': 'C+1 Pv', labels: 'K C',
}

/** By recorded stage without the number of the block. */
export const stageWords: Record<string, string> = {
  batch: 'Draw images, noise levels and noise, and mix them',
  embed: 'Cut the image into patches and make a token of each',
  condition: 'Tell the net the noise level',
  block: 'Tokens look at each other, where there is attention, then each thinks for itself',
  'self-condition': 'Tell later blocks what the blocks up to here have found',
  'self-condition backward': 'Through what later blocks were told, back to the tokens after the bottleneck',
  head: 'Turn tokens back into an image: the velocity',
  loss: 'Compare it with what it should have been',
  'head backward': 'The gradient enters at the velocity and goes back through the head',
  'feature backward': 'The contrastive term’s gradient joins the stream',
  'block backward': 'Back through the MLP, then through attention where there is one; each layer leaves the gradient of its weights',
  'embed backward': 'Gradient of the first layer’s weights',
  'condition backward': 'Gradient of the layers that made shift, scale and gate',
  update: 'Add up, clip, and move the weights',
}

/** Stages that src/model/training.ts records; the net itself, src/model/dit.ts, records all others of the list. */
export const trainingStages: readonly string[] = ['batch', 'loss', 'update']

/** Which file records a kernel. */
export const recordedIn: Record<string, string> = {
  draw: 'batch', noise: 'batch', interpolate: 'batch', average_goal: 'batch', gather_labels: 'batch', drop_labels: 'batch', draw_negatives: 'batch', anchor_arguments: 'extent', patchify: 'patchify', unpatchify: 'patchify',
  time_features: 'condition', label_embedding: 'condition', label_embedding_backward: 'condition', self_condition: 'condition', self_condition_backward: 'condition', matmul_nn: 'linear', matmul_nn_lanes: 'linear', linear_backward: 'linear', linear_backward_lanes: 'linear',
  modulate: 'modulate', modulate_backward: 'modulate', modulate_columns: 'modulate', attention: 'attention', attention_lanes: 'attention', attention_backward_query: 'attention',
  attention_backward_query_lanes: 'attention', attention_backward_key: 'attention', attention_backward_key_lanes: 'attention', velocity_loss: 'velocity_loss', read_output: 'reading', weigh_error: 'reading', contrastive_distance: 'contrastive', contrastive_loss: 'contrastive',
  contrastive_gradient: 'contrastive', dispersive_loss: 'contrastive', dispersive_gradient: 'contrastive', token_mean: 'features', unit_length: 'features', unit_length_backward: 'features', feature_backward: 'features', take_feature_gradients: 'features',
  gradient_reduce: 'optimizer', optimizer_begin: 'optimizer', adamw: 'optimizer',
}

/** What the letters mean, for those that a walk uses. */
export const letterWords: Record<string, string> = {
  B: 'images in the batch', N: 'training images', T: 'tokens of an image', C: 'width', H: 'heads', L: 'blocks', Pv: 'values of a patch, padded', M: 'modulation vectors: six a block, three of one without attention, and two of the head; of a self-conditioned net the early ones', A: 'their numbers, M·C',
  Ml: 'late modulation vectors', Al: 'their numbers, Ml·C',
  ch: 'channels', h: 'height', w: 'image width', K: 'classes',
}
