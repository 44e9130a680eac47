"use strict";
(function () {
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const font = getComputedStyle(document.body).fontFamily;
  const config = {
    background: null, font: font,
    view: {stroke: null},
    axis: {labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal", titlePadding: 8,
      gridColor: "#d3dae1", domainColor: "#8795a3", tickColor: "#8795a3", labelPadding: 5},
    legend: {labelFontSize: 12, symbolSize: 110, symbolType: "square", offset: 8, labelLimit: 320,
      columnPadding: 18},
  };
  for (const place of document.querySelectorAll("[data-chart]")) {
    const spec = specs[place.dataset.chart];
    if (!spec) continue;
    place.closest(".drawn").hidden = false;
    const colour = spec.encoding && spec.encoding.color;
    const legend = colour && colour.legend;
    if (legend && place.clientWidth < 560) legend.columns = 1;
    vegaEmbed(place, spec, {renderer: "svg", actions: false, ast: true, config: config})
      .catch(function (error) { place.textContent = "This chart cannot be drawn: " + error.message; });
  }
})();
