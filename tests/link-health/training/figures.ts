import type { train } from './train.ts'

type Results = ReturnType<typeof train>
type Described = Results['rules']

const percent = (share: number, digits = 1) => `${(share * 100).toFixed(digits)} %`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  )
}

/** All figures of a training as a part of a page in Markdown. */
export function figuresOf(results: Results): string {
  const { about, comparison, difference, model, rules, ships } = results
  const learnt = results.modelFigures
  const baseRate = about.parts.test?.baseRate ?? 0
  return [
    '### The recording',
    `${about.devices} devices for ${about.minutes} minutes, seed ${about.seed}: ${about.links} links, ${about.deaths} deaths, ` +
      `${about.samples} readings. SHA-256 of its lines: \`${about.digest}\`.`,
    table(
      ['Part (whole devices)', 'Readings', 'Failing', 'Deaths'],
      Object.entries(about.parts).map(([name, part]) => [
        name,
        String(part.samples),
        percent(part.baseRate, 2),
        String(part.deaths),
      ]),
    ),
    '### Which model',
    'On the validation part, at 2 % false alarms:',
    table(
      ['Model', 'Area under the ROC', 'Balanced accuracy'],
      results.validation.map(({ name, area, balanced }) => [name, area.toFixed(3), percent(balanced)]),
    ),
    `### Rules or model`,
    `The test part, looked at once. Balanced accuracy at equal shares of false alarms, rules tuned for each (${model}):`,
    table(
      ['False alarms', 'Rules', 'Model', 'Difference'],
      comparison.map((row) => [
        percent(row.falseAlarms, 0),
        percent(row.rules.balanced),
        percent(row.model.balanced),
        `${(row.difference * 100).toFixed(1)} points`,
      ]),
    ),
    `At 2 % the difference is ${(difference.value * 100).toFixed(1)} points (95 of 100 draws of devices: ` +
      `${(difference.interval[0] * 100).toFixed(1)} to ${(difference.interval[1] * 100).toFixed(1)}); a model ships from 5 points on. ` +
      `**What ships: ${ships === 'model' ? 'the model' : 'the rules'}.**`,
    '### How well',
    'The test part, with the thresholds that have 2 % false alarms on the validation part:',
    sideBySide(rules, learnt, baseRate),
    '### By what the link died of',
    'Share of failing readings that were called:',
    table(
      ['Episode', 'Readings', 'Rules', 'Model'],
      rules.byCause.map(({ cause, samples, recall }) => [
        cause,
        String(samples),
        percent(recall, 0),
        percent(learnt.byCause.find((row) => row.cause === cause)?.recall ?? 0, 0),
      ]),
    ),
    '### Whether probabilities mean what they say',
    table(
      ['Said', 'Rules: readings', 'said', 'came', 'Model: readings', 'said', 'came'],
      rules.reliability.map((row, index) => {
        const own = learnt.reliability[index] as typeof row
        return [
          `${percent(row.from, 0)} to ${percent(row.to, 0)}`,
          ...[row, own].flatMap(({ count, said, came }) =>
            count === 0 ? ['0', '', ''] : [String(count), percent(said), percent(came)],
          ),
        ]
      }),
    ),
    '### What silence means',
    'Readings of the training and validation parts whose probe waited for so long; the server predicts by this:',
    table(
      ['Without an answer for', 'Readings', 'Dead within 30 s'],
      results.silence.map(({ from, readings, probability }) => [
        `${from / 1_000} s and more`,
        String(readings),
        percent(probability, 0),
      ]),
    ),
  ].join('\n\n')
}

function sideBySide(rules: Described, model: Described, baseRate: number): string {
  const row = (name: string, value: (figures: Described) => string, none = '') => [
    name,
    none,
    value(rules),
    value(model),
  ]
  return table(
    ['', '“It lives”, always', 'Rules', 'Model'],
    [
      row('Accuracy', ({ accuracy }) => percent(accuracy), percent(1 - baseRate)),
      row('Balanced accuracy', ({ balanced }) => percent(balanced), '50.0 %'),
      row('Recall', ({ recall }) => percent(recall), '0.0 %'),
      row('Precision', ({ precision }) => percent(precision)),
      row('False alarms', ({ falseAlarms }) => percent(falseAlarms, 2), '0.00 %'),
      row('Area under the ROC', ({ area }) => area.toFixed(3), '0.500'),
      row('Recall before the link is dead', ({ beforeDeath }) => percent(beforeDeath.recall)),
      row('Area before the link is dead', ({ beforeDeath }) => beforeDeath.area.toFixed(3)),
      row('Deaths called at all', ({ deathsFound }) => percent(deathsFound.called, 0)),
      row('Deaths called before they came', ({ deathsFound }) => percent(deathsFound.before, 0)),
      row('Brier score', (figures) => figures.brier.toFixed(4), (baseRate * (1 - baseRate)).toFixed(4)),
      row('Expected calibration error', ({ calibrationError }) => percent(calibrationError, 2)),
    ],
  )
}
