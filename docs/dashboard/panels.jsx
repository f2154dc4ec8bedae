// Draws the dashboard's panels from the answers to their queries, with Grafana's
// own components. docs/dashboard/draw.py bundles it and gives it `window.NIGHT`.
//
// Grafana publishes no state timeline and no heatmap: those two are drawn here, in
// Grafana's frame, from Grafana's value mappings and colours.

import {
  EventBusSrv,
  FieldType,
  Registry,
  ThemeContext,
  VizOrientation,
  applyFieldOverrides,
  createTheme,
  dateTime,
  dateTimeFormat,
  getDisplayValueAlignmentFactors,
  getFieldDisplayName,
  getFieldDisplayValues,
  getValueFormat,
  identityOverrideProcessor,
  renderLegendFormat,
  renderMarkdown,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import {
  BarGauge,
  BigValue,
  GlobalStyles,
  PanelChrome,
  PanelContextProvider,
  Table,
  TimeSeries,
  VizRepeater,
} from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { firstValueFrom } from 'rxjs';
import 'uplot/dist/uPlot.min.css';

const { panels, answers, annotations, from, to, width } = window.NIGHT;
const COLUMNS = 24;
const ROW = 30;
const GAP = 8;
const theme = createTheme({ colors: { mode: 'dark' } });
const eventBus = new EventBusSrv();
const replaceVariables = (text) => text;

const AS_IN_GRAFANA = {
  axisPlacement: 'auto',
  hideFrom: { legend: false, tooltip: false, viz: false },
  lineInterpolation: 'linear',
  pointSize: 5,
  barAlignment: 0,
  barWidthFactor: 0.6,
  scaleDistribution: { type: 'linear' },
};
const STANDARD = [
  'color', 'decimals', 'displayName', 'mappings', 'max', 'min', 'noValue',
  'thresholds', 'unit',
];
const CUSTOM = [
  'align', 'cellOptions', 'drawStyle', 'fillOpacity', 'lineWidth', 'showPoints',
  'spanNulls', 'stacking', 'thresholdsStyle', 'width', ...Object.keys(AS_IN_GRAFANA),
];

function properties() {
  const property = (path, isCustom) => ({
    id: isCustom ? `custom.${path}` : path,
    name: path,
    path,
    isCustom,
    process: identityOverrideProcessor,
    shouldApply: () => true,
    settings: {},
  });
  return new Registry(() => [
    ...STANDARD.map((path) => property(path, false)),
    ...CUSTOM.map((path) => property(path, true)),
  ]);
}

// Two names of one transformer are one entry.
const transformers = new Map(Object.values(standardTransformers).map((it) => [it.id, it]));
standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map((it) => ({ id: it.id, name: it.name, transformation: it }))
);

// ---- what Prometheus answered, as Grafana's frames

function frameOver(series, target) {
  const points = series.values ?? [series.value];
  const name = renderLegendFormat(target.legendFormat, series.metric);
  return {
    refId: target.refId,
    name,
    length: points.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: points.map(([at]) => at * 1000) },
      {
        name: 'Value',
        type: FieldType.number,
        config: { displayNameFromDS: name },
        labels: series.metric,
        values: points.map(([, value]) => Number(value)),
      },
    ],
  };
}

/** Points that are missing are gaps, as in Grafana, not lines across them. */
function withGaps(frame, step) {
  const [times, values] = frame.fields.map((field) => field.values);
  const known = new Map(times.map((at, index) => [at, values[index]]));
  const all = [];
  for (let at = from * 1000; at <= to * 1000; at += step * 1000) all.push(at);
  const filled = all.map((at) => known.get(at) ?? null);
  const [time, value] = frame.fields;
  return {
    ...frame,
    length: all.length,
    fields: [{ ...time, values: all }, { ...value, values: filled }],
  };
}

function tableOf(found, target) {
  const labels = [...new Set(found.flatMap(({ metric }) => Object.keys(metric)))];
  return {
    refId: target.refId,
    length: found.length,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: found.map(({ value }) => value[0] * 1000) },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        config: {},
        values: found.map(({ metric }) => metric[label]),
      })),
      {
        name: `Value #${target.refId}`,
        type: FieldType.number,
        config: {},
        values: found.map(({ value }) => Number(value[1])),
      },
    ],
  };
}

async function framesOf(panel) {
  const found = answers[panel.id] ?? {};
  let frames = (panel.targets ?? []).flatMap((target) =>
    target.format === 'table'
      ? [tableOf(found[target.refId], target)]
      : found[target.refId].map((series) => frameOver(series, target))
  );
  if (!panel.targets?.[0]?.instant) {
    frames = frames.map((frame) => withGaps(frame, window.NIGHT.step));
  }
  if (panel.transformations) {
    frames = await firstValueFrom(
      transformDataFrame(panel.transformations, frames, { interpolate: replaceVariables })
    );
  }
  return applyFieldOverrides({
    data: frames,
    fieldConfig: withDefaults(panel.fieldConfig),
    fieldConfigRegistry: properties(),
    replaceVariables,
    theme,
    timeZone: 'utc',
  });
}

function withDefaults(config) {
  const { defaults = {}, overrides = [] } = config ?? {};
  const steps = (defaults.thresholds?.steps ?? []).map((step) => ({
    ...step,
    value: step.value ?? -Infinity,
  }));
  return {
    defaults: {
      ...defaults,
      ...(defaults.thresholds && { thresholds: { ...defaults.thresholds, steps } }),
      custom: { ...AS_IN_GRAFANA, ...defaults.custom },
    },
    overrides,
  };
}

// ---- one function a kind of panel

function displayed(panel, frames) {
  return getFieldDisplayValues({
    fieldConfig: withDefaults(panel.fieldConfig),
    reduceOptions: panel.options.reduceOptions,
    replaceVariables,
    theme,
    data: frames,
    sparkline: false,
    timeZone: 'utc',
  });
}

function stat(panel, frames, size) {
  return (
    <VizRepeater
      {...size}
      getValues={() => displayed(panel, frames)}
      source={frames}
      orientation={VizOrientation.Auto}
      itemSpacing={GAP}
      autoGrid
      renderCounter={0}
      renderValue={({ value, width, height, count }) => (
        <BigValue
          value={value.display}
          count={count}
          {...{ width, height, theme }}
          colorMode={panel.options.colorMode}
          graphMode="none"
          justifyMode={panel.options.justifyMode}
          textMode={panel.options.textMode}
          wideLayout={panel.options.wideLayout}
        />
      )}
    />
  );
}

function bargauge(panel, frames, size) {
  return (
    <VizRepeater
      {...size}
      getValues={() => displayed(panel, frames)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      source={frames}
      orientation={VizOrientation.Horizontal}
      itemSpacing={GAP}
      minVizHeight={16}
      renderCounter={0}
      renderValue={({ value, width, height, orientation, alignmentFactors }) => (
        <BarGauge
          value={value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex)}
          text={{ titleSize: 14, valueSize: 14 }}
          {...{ width, height, orientation, alignmentFactors, theme }}
          displayMode={panel.options.displayMode}
          namePlacement={panel.options.namePlacement}
          valueDisplayMode={panel.options.valueMode}
          showUnfilled
          itemSpacing={GAP}
          lcdCellWidth={12}
        />
      )}
    />
  );
}

function timeseries(panel, frames, size) {
  const range = { from: dateTime(from * 1000), to: dateTime(to * 1000) };
  return (
    <PanelContextProvider value={{ eventsScope: 'none', eventBus, sync: () => 0 }}>
      <TimeSeries
        {...size}
        frames={frames}
        structureRev={1}
        timeRange={{ ...range, raw: range }}
        timeZone="utc"
        legend={panel.options.legend}
        options={{}}
      >
        {(builder) => {
          builder.addHook('draw', marks);
        }}
      </TimeSeries>
    </PanelContextProvider>
  );
}

/** Draw what the annotations found, as Grafana does: a line, a band while it lasts. */
function marks(plot) {
  const { ctx, bbox } = plot;
  for (const { color, begins, ends } of annotations) {
    const paint = theme.visualization.getColorByName(color);
    const [left, right] = [begins, ends].map((at) =>
      Math.max(bbox.left, Math.min(bbox.left + bbox.width, plot.valToPos(at * 1000, 'x', true)))
    );
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = paint;
    ctx.setLineDash([5, 5]);
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 0.1;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.restore();
  }
}

function table(panel, frames, { width, height }) {
  return <Table data={frames[0]} {...{ width, height }} cellHeight="sm" />;
}

function text(panel) {
  return (
    <div
      className="markdown-html"
      dangerouslySetInnerHTML={{ __html: renderMarkdown(panel.options.content) }}
    />
  );
}

const AXIS = 22;
const across = (at, { left, width }) =>
  left + ((at / 1000 - from) / (to - from)) * (width - left);

function TimeAxis({ left, width, height }) {
  const every = 600;
  const ticks = [];
  for (let at = Math.ceil(from / every) * every; at < to; at += every) ticks.push(at);
  return ticks.map((at) => (
    <text
      key={at}
      x={across(at * 1000, { left, width })}
      y={height - 6}
      fill={theme.colors.text.primary}
      fontSize="12"
      textAnchor="middle"
    >
      {dateTimeFormat(at * 1000, { format: 'HH:mm', timeZone: 'utc' })}
    </text>
  ));
}

/** Return [begin, end, display value] for each stretch of one value. */
function stretches({ fields: [time, value] }) {
  const found = [];
  time.values.forEach((at, index) => {
    const now = value.values[index];
    const last = found[found.length - 1];
    if (now === null) return;
    if (last && last.raw === now) last.end = at;
    else {
      if (last) last.end = at;
      found.push({ raw: now, begin: at, end: at, shown: value.display(now) });
    }
  });
  return found;
}

function timeline(panel, frames, { width, height }) {
  const left = 8 + 7 * Math.max(...frames.map((frame) => nameOf(frame).length));
  const each = (height - AXIS) / frames.length;
  return (
    <svg {...{ width, height }}>
      {frames.map((frame, row) => (
        <g key={row}>
          <text
            x={left - 8}
            y={(row + 0.5) * each + 4}
            fill={theme.colors.text.primary}
            fontSize="12"
            textAnchor="end"
          >
            {nameOf(frame)}
          </text>
          {stretches(frame).map(({ begin, end, shown }) => {
            const [x, until] = [begin, end].map((at) => across(at, { left, width }));
            return (
              <g key={begin}>
                <rect
                  x={x}
                  y={(row + 0.1) * each}
                  width={Math.max(1, until - x)}
                  height={each * 0.8}
                  fill={shown.color}
                  fillOpacity="0.8"
                />
                {until - x > 8 * shown.text.length && (
                  <text x={x + 6} y={(row + 0.5) * each + 4} fill="#111" fontSize="12">
                    {shown.text}
                  </text>
                )}
              </g>
            );
          })}
        </g>
      ))}
      <TimeAxis {...{ left, width, height }} />
    </svg>
  );
}

const nameOf = (frame) => getFieldDisplayName(frame.fields[1], frame);

function heatmap(panel, frames, { width, height }) {
  const bound = (frame) => Number(frame.fields[1].labels.le.replace('+Inf', 'Infinity'));
  const rows = [...frames].sort((one, other) => bound(one) - bound(other));
  const left = 54;
  const each = (height - AXIS) / rows.length;
  const counts = rows.map((frame, row) =>
    frame.fields[1].values.map(
      (value, index) => (value ?? 0) - (row ? rows[row - 1].fields[1].values[index] ?? 0 : 0)
    )
  );
  const most = Math.max(...counts.flat());
  const { scheme, exponent } = panel.options.color;
  const times = rows[0].fields[0].values;
  const cell = (width - left) / times.length;
  const format = getValueFormat(panel.options.yAxis.unit);
  return (
    <svg {...{ width, height }} aria-label={scheme}>
      {counts.map((cells, row) => (
        <g key={row}>
          <text
            x={left - 8}
            y={height - AXIS - row * each + 4}
            fill={theme.colors.text.primary}
            fontSize="12"
            textAnchor="end"
          >
            {row && Number.isFinite(bound(rows[row - 1])) ? label(format(bound(rows[row - 1]))) : ''}
          </text>
          {cells.map((count, index) =>
            count > 1e-9 ? (
              <rect
                key={index}
                x={left + index * cell}
                y={height - AXIS - (row + 1) * each}
                width={Math.max(1, cell - 1)}
                height={each - 1}
                fill={orange((count / most) ** exponent)}
              />
            ) : null
          )}
        </g>
      ))}
      <TimeAxis {...{ left, width, height }} />
    </svg>
  );
}

const label = ({ text, suffix = '' }) => `${text}${suffix}`;
const orange = (share) => `hsl(${36 - 22 * share} 90% ${18 + 52 * share}%)`;

const KINDS = {
  stat, bargauge, timeseries, table, text, heatmap, 'state-timeline': timeline,
};

// ---- the page

function Panel({ panel, frames }) {
  const { x, y, w, h } = panel.gridPos;
  const column = width / COLUMNS;
  const top = Math.min(...panels.map((each) => each.gridPos.y));
  const size = { width: w * column - GAP, height: h * (ROW + GAP) - GAP };
  const place = { position: 'absolute', left: x * column + GAP / 2, top: (y - top) * (ROW + GAP) };
  if (panel.type === 'row') {
    return (
      <div style={{ ...place, ...theme.typography.h4, color: theme.colors.text.primary }}>
        {`⌄ ${panel.title}`}
      </div>
    );
  }
  return (
    <div style={place}>
      <PanelChrome title={panel.title} description={panel.description} {...size}>
        {(innerWidth, innerHeight) =>
          frames.length || panel.type === 'text'
            ? KINDS[panel.type](panel, frames, { width: innerWidth, height: innerHeight })
            : panel.fieldConfig.defaults.noValue ?? 'No data'
        }
      </PanelChrome>
    </div>
  );
}

const drawn = await Promise.all(
  panels.map(async (panel) => ({ panel, frames: await framesOf(panel) }))
);
document.body.style.background = theme.colors.background.canvas;
createRoot(document.getElementById('page')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    {drawn.map(({ panel, frames }) => (
      <Panel key={panel.id} {...{ panel, frames }} />
    ))}
  </ThemeContext.Provider>
);
