// Turns measurements into tables for a terminal.
import { readFileSync } from 'node:fs';
import Table from 'cli-table3';

/** The first losses in PyTorch, float64, by work; reference.py makes them. */
const reference = JSON.parse(readFileSync(new URL('reference.json', import.meta.url), 'utf8'));

/** Losses must agree to this. */
export const TOLERANCE = 1e-4;

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Largest difference between the losses of any two peers, and between any peer and PyTorch. */
export function parity(measurements) {
  const all = [reference[measurements[0].work.name], ...measurements.map(({ losses }) => losses)];
  const worst = (rows) => Math.max(0, ...rows[0].map((_, step) => spread(rows.map((losses) => losses[step]))));
  const [reached, between] = [worst(all), worst(all.slice(1))];
  return { reference: reached, between, ok: reached <= TOLERANCE && between <= TOLERANCE };
}
const spread = (values) => (values.some(Number.isNaN) ? Infinity : Math.max(...values) - Math.min(...values));

/** One table: the peers on one work in one place, and how well their losses agree. */
export function report({ where, work, measurements }) {
  const ours = measurements.find(({ peer }) => peer === 'ours');
  const table = new Table({
    head: ['', 'ms a step', 'min..max', 'host ms', 'dispatches', 'submits', 'passes', 'bind groups', 'buffers', 'writes', 'maps', 'pipelines', 'first step s', ...(ours ? ['time / ours'] : [])],
    colAligns: ['left', ...Array(13).fill('right')],
    style: { head: [], border: [], compact: true },
  });
  for (const it of measurements) {
    const { calls } = it;
    table.push([
      it.label,
      digits(median(it.stepMs)),
      `${digits(Math.min(...it.stepMs))}..${digits(Math.max(...it.stepMs))} (${it.stepMs.length})`,
      digits(median(it.hostMs)),
      ...[calls.dispatches, calls.submits, calls.passes, calls.bindGroups, calls.buffers, calls.writes, calls.maps, it.pipelines].map((count) => +count.toFixed(1)),
      digits(it.coldMs / 1000),
      ...(ours ? [digits(median(it.stepMs) / median(ours.stepMs))] : []),
    ]);
  }
  const busy = measurements.filter(({ stepProcessorMs }) => stepProcessorMs?.length);
  const processor = busy.map((it) => {
    const ratio = ours && it !== ours ? `, ${digits(median(it.stepProcessorMs) / median(ours.stepProcessorMs))} times ours` : '';
    return `${it.label} ${digits(median(it.stepProcessorMs))} ms a step (${digits(Math.min(...it.stepProcessorMs))}..${digits(Math.max(...it.stepProcessorMs))}${ratio}), first step ${digits(it.coldProcessorMs / 1000)} s`;
  });
  const { adapter, parameters } = measurements[0];
  const { batch, tokens, width, blocks } = work;
  const agreement = parity(measurements);
  const names = measurements.map(({ label }) => label).join(', ');
  return [
    `${where}, ${adapter.description || [adapter.vendor, adapter.architecture].join(' ')}`,
    `${work.name}: batch ${batch}, ${tokens} tokens, width ${width}, ${blocks} blocks, ${parameters.toLocaleString('en')} parameters`,
    table.toString(),
    ...(processor.length ? [`Processor time, all threads, which other work on the machine disturbs less: ${processor.join('; ')}`] : []),
    `Losses of the first ${measurements[0].losses.length} steps (${names}): ${agreement.ok ? 'agree' : 'DO NOT AGREE'} to ${TOLERANCE}; ` +
      `largest difference between peers ${agreement.between.toExponential(1)}, from PyTorch in float64 ${agreement.reference.toExponential(1)}`,
  ].join('\n');
}

/** Where our step's time goes. `first` is the first run of each pipeline: on some drivers it compiles there. */
export function reportProfile({ where, work, measurement: { adapter, stepMs, kernels } }) {
  const all = kernels.reduce((sum, { ms }) => sum + ms, 0);
  const table = new Table({ head: ['', 'dispatches', 'ms a step', 'share', 'GFLOP/s', 'first ms'], colAligns: ['left', ...Array(5).fill('right')], style: { head: [], border: [], compact: true } });
  for (const { kernel, dispatches, ms, gflop, firstMs } of kernels) {
    table.push([kernel, dispatches, digits(ms), `${((100 * ms) / all).toFixed(1)} %`, gflop ? digits((1000 * gflop) / ms) : '', digits(firstMs)]);
  }
  const first = kernels.reduce((sum, { firstMs }) => sum + firstMs, 0);
  return `${where}, ${adapter.description || [adapter.vendor, adapter.architecture].join(' ')}, ${work}: each dispatch alone ${digits(all)} ms, whole steps ${digits(median(stepMs))} (${digits(Math.min(...stepMs))}..${digits(Math.max(...stepMs))}, ${stepMs.length}); first runs ${digits(first)} ms\n${table}`;
}

/** What our own options cost, as ratios to plain FM in the same process. */
export function reportOwn({ where, measurements: [{ adapter, variants }] }) {
  const table = new Table({ head: ['', 'ms a step', 'min..max', 'dispatches', 'time / FM'], colAligns: ['left', ...Array(4).fill('right')], style: { head: [], border: [], compact: true } });
  for (const { name, dispatches, stepMs } of variants) {
    table.push([name, digits(median(stepMs)), `${digits(Math.min(...stepMs))}..${digits(Math.max(...stepMs))} (${stepMs.length})`, dispatches, digits(median(stepMs) / median(variants[0].stepMs))]);
  }
  return `${where}, ${adapter.description || [adapter.vendor, adapter.architecture].join(' ')}: default preset (gratings, batch 64, 36 tokens, width 48, 4 blocks)\n${table}`;
}

/** Three significant digits, no exponent. */
const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
