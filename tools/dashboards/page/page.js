// Draws the panels that tools/dashboards/panels.py made, with uPlot. Numbers come ready; here is only their looks.
"use strict";
(() => {
  const boards = JSON.parse(document.getElementById("boards").textContent);
  const zone = "Asia/Seoul";
  // Half as strong, yet not transparent: what is stacked behind must not shine through.
  const lighter = (colour) => "#" + [1, 3, 5].map((at) => Math.round((parseInt(colour.slice(at, at + 2), 16) + 2 * 255) / 3).toString(16).padStart(2, "0")).join("");

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // As CloudWatch writes numbers: 999, 1.25k, 63.1G; never more digits than can be read at a glance.
  const figure = (value, digits = 3) => {
    if (value === null || value === undefined) return "no data";
    const size = Math.abs(value);
    for (const [limit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (size >= limit) return `${Number((value / limit).toPrecision(digits))}${letter}`;
    }
    return String(Number(size < 1e-3 ? 0 : value.toPrecision(size < 1 ? 2 : digits)));
  };

  const last = (line) => line.values.findLast((value) => value !== null);

  // All lines on one time axis; a line of longer periods spans what it does not have.
  const joined = (lines) => {
    const times = [...new Set(lines.flatMap((line) => line.times))].sort((a, b) => a - b);
    const at = new Map(times.map((time, index) => [time, index]));
    const rows = lines.map((line) => {
      const row = new Array(times.length).fill(null);
      line.times.forEach((time, index) => { row[at.get(time)] = line.values[index]; });
      return row;
    });
    return [times, ...rows];
  };

  // Each upon those before it; drawn from the top down, so that each covers what is below it.
  const stacked = ([times, ...rows]) => {
    const sums = new Array(times.length).fill(0);
    const piled = rows.map((row) => row.map((value, index) => (sums[index] += value ?? 0)));
    return [times, ...piled.reverse()];
  };

  const alone = (plot, index) => {
    const row = plot.data[index];
    return row.flatMap((value, at) => (value !== null && row[at - 1] == null && row[at + 1] == null ? [at] : []));
  };

  const marking = (marks) => (plot) => {
    const { ctx, bbox } = plot;
    const pixel = devicePixelRatio;
    const taken = [];
    ctx.save();
    ctx.font = `${11 * pixel}px sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    for (const mark of [...marks].sort((a, b) => b.value - a.value)) {
      const y = plot.valToPos(mark.value, "y", true);
      if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
      ctx.strokeStyle = ctx.fillStyle = mark.colour;
      ctx.lineWidth = 1.5 * pixel;
      ctx.setLineDash([6 * pixel, 4 * pixel]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      const above = y - 4 * pixel;
      const below = y + 12 * pixel;
      const free = (at) => at > bbox.top + 9 * pixel && taken.every((other) => Math.abs(other - at) > 13 * pixel);
      const text = [above, below].find(free) ?? below;
      taken.push(text);
      ctx.setLineDash([]);
      ctx.lineWidth = 3 * pixel;
      ctx.strokeStyle = "#fffc";
      ctx.strokeText(mark.label, bbox.left + 4 * pixel, text);
      ctx.fillText(mark.label, bbox.left + 4 * pixel, text);
    }
    ctx.restore();
  };

  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const calendar = new Intl.DateTimeFormat("en-GB", { timeZone: zone, month: "2-digit", day: "2-digit" });

  const plotted = (holder, panel, { spark = false } = {}) => {
    const lines = panel.lines;
    let data = joined(lines);
    const order = panel.stacked ? [...lines].reverse() : lines;
    if (panel.stacked) data = stacked(data);
    const base = Math.min(...lines.map((line) => line.period));
    const marks = panel.marks ?? [];
    const ranged = (right) => (_, low, high) => {
      const axis = panel.axes?.[right ? "right" : "left"] ?? {};
      const drawn = right ? [] : marks.map((mark) => mark.value);
      const floor = axis.min ?? Math.min(0, low ?? 0, ...drawn);
      const top = axis.max ?? (Math.max(high ?? 0, ...drawn) * 1.12 || 1);
      return spark ? [low, high === low ? low + 1 : high] : [floor * 1.1, Math.max(top, floor + 1e-9)];
    };
    const days = panel.hours > 48;
    const series = order.map((line) => ({
      scale: line.right ? "right" : "y",
      stroke: line.colour,
      width: line.band ? 0 : 1.5,
      fill: panel.stacked || spark ? lighter(line.colour) : undefined,
      spanGaps: line.period > base,
      points: { show: !spark, size: 5, fill: line.colour, filter: alone },
    }));
    const bands = [];
    order.forEach((line, index) => {
      if (line.band && order[index + 1]?.band && line.label === order[index + 1].label) {
        bands.push({ series: [index + 1, index + 2], fill: line.colour + "40" });
      }
    });
    const axis = { stroke: "#5f6b7a", font: "11px sans-serif", grid: { stroke: "#eaeded", width: 1 }, ticks: { show: false } };
    const written = (_, ticks) => ticks.map((tick) => figure(tick));
    const axes = spark ? [{ show: false }, { show: false }] : [
      { ...axis, space: 55, size: 26, values: (_, ticks) => ticks.map((tick) => (days ? calendar : clock).format(tick * 1e3)) },
      { ...axis, size: 46, space: 28, values: written },
    ];
    if (!spark && lines.some((line) => line.right)) {
      axes.push({ ...axis, scale: "right", side: 1, size: 46, space: 28, values: written, grid: { show: false } });
    }
    const box = holder.getBoundingClientRect();
    return new uPlot({
      width: Math.max(box.width, 40),
      height: Math.max(box.height, 20),
      padding: spark ? [2, 0, 2, 0] : [6, 18, 0, 0],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), zone),
      legend: { show: false },
      cursor: spark ? { show: false } : { sync: { key: "day" }, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: {}, y: { range: ranged(false) }, right: { range: ranged(true) } },
      series: [{}, ...series],
      bands,
      axes,
      hooks: { draw: [marking(marks)], setCursor: spark ? [] : [(plot) => holder.dispatchEvent(new CustomEvent("at", { detail: plot.cursor.idx }))] },
    }, data, holder);
  };

  const legend = (panel) => {
    const shown = new Map(panel.lines.map((line) => [line.label, line]));
    return element("div", { className: "legend" }, ...[...shown.values()].map((line) => {
      const mark = element("i");
      mark.style.background = line.colour;
      return element("span", {}, mark, line.label, element("b"));
    }));
  };

  const title = (panel) => element("div", { className: "title", title: panel.title }, panel.title, element("small", {
    textContent: panel.region && panel.region !== boards.region ? `  ${panel.region}` : "",
  }));

  const draw = {
    text: (panel, card) => { card.innerHTML = panel.html; },
    alarm: (panel, card) => {
      const list = element("div", { className: "alarms" }, ...panel.alarms.map((alarm) => element(
        "div", { className: alarm.state, title: alarm.state, textContent: alarm.name.replace(boards.prefix, "") },
      )));
      if (!panel.alarms.length) list.append(element("p", { textContent: `None of ${panel.of}.` }));
      card.append(title(panel), list);
    },
    tile: (panel, card) => {
      card.append(title(panel));
      const values = element("div", { className: "values" });
      card.append(values);
      for (const line of panel.lines) {
        const mark = element("i");
        mark.style.background = line.colour;
        const spark = element("div", { className: "spark" });
        values.append(element("div", { className: "value" },
          element("strong", { textContent: figure(last(line) ?? null, 4) }), element("label", {}, mark, line.label), spark));
        requestAnimationFrame(() => plotted(spark, { ...panel, lines: [line] }, { spark: true }));
      }
    },
    graph: (panel, card) => {
      const holder = element("div", { className: "plot" });
      const key = legend(panel);
      card.append(title(panel), element("div", { className: "units" },
        element("span", { textContent: panel.axes.left?.label ?? "" }), element("span", { textContent: panel.axes.right?.label ?? "" })),
      holder, key);
      requestAnimationFrame(() => {
        const plot = plotted(holder, panel);
        holder.addEventListener("at", (event) => {
          [...key.children].forEach((entry, index) => {
            const place = panel.stacked ? plot.series.length - 1 - index : index + 1;
            const row = panel.stacked ? joined(panel.lines)[index + 1] : plot.data[place];
            entry.lastChild.textContent = event.detail == null ? "" : figure(row[event.detail]);
          });
        });
      });
    },
  };

  const main = document.querySelector("main");
  for (const board of boards.boards) {
    const grid = element("section", { className: "board", id: board.name });
    for (const panel of board.panels) {
      const card = element("div", { className: `widget ${panel.type}` });
      card.style.gridColumn = `${panel.x + 1} / span ${panel.width}`;
      card.style.gridRow = `${panel.y + 1} / span ${panel.height}`;
      grid.append(card);
      draw[panel.type](panel, card);
    }
    main.append(grid);
  }
  requestAnimationFrame(() => requestAnimationFrame(() => { document.body.dataset.drawn = "yes"; }));
})();
