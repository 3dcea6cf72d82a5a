// Rows of the batch that the term beside the flow loss is a mean over: those with an anchor, or all where the term needs none.
fn rows_compared(term: u32, anchors: u32, lambda: f32, batch: u32) -> u32 {
  return select(anchors, select(0u, batch, lambda > 0.0), term > 0u);
}
