"use strict";
// Draws the charts of a page: each place [data-chart] by the specification of its name in #charts.
// Again after htmx has put something new on the page.
(function () {
  const said = getComputedStyle(document.documentElement);
  // A page with themes says its colours; a report has the ones given here.
  const colour = function (name, other) { return said.getPropertyValue(name).trim() || other; };
  const ink = colour("--ink", "#000"), line = colour("--line", "#d3dae1"),
    edge = colour("--edge", "#8795a3");
  const config = {
    background: null, font: getComputedStyle(document.body).fontFamily,
    view: {stroke: null},
    axis: {labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal", titlePadding: 8,
      labelColor: ink, titleColor: ink, gridColor: line, domainColor: edge, tickColor: edge,
      labelPadding: 5},
    legend: {labelColor: ink, titleColor: ink, labelFontSize: 12, symbolSize: 110,
      symbolType: "square", offset: 8, labelLimit: 320, columnPadding: 18},
  };

  function drawn(place) {
    // Where the place itself says what it shows, the drawing is silent: one picture, one name.
    const picture = place.querySelector("svg");
    if (picture && place.hasAttribute("aria-label")) picture.setAttribute("aria-hidden", "true");
    place.style.minHeight = "";
  }

  function draw() {
    const data = document.getElementById("charts");
    const specs = data ? JSON.parse(data.textContent) : {};
    for (const place of document.querySelectorAll("[data-chart]")) {
      const spec = specs[place.dataset.chart];
      const said = JSON.stringify(spec);
      if (place.said === said) continue;
      if (!spec) { place.closest(".drawn").hidden = true; place.said = said; continue; }
      place.said = said;
      place.closest(".drawn").hidden = false;
      // What is below stays where it is while another drawing takes the place of this one.
      place.style.minHeight = place.clientHeight + "px";
      const coloured = spec.encoding && spec.encoding.color;
      const legend = coloured && coloured.legend;
      if (legend && place.clientWidth < 560) legend.columns = 1;
      vegaEmbed(place, spec, {renderer: "svg", actions: false, ast: true, defaultStyle: false,
        tooltip: {disableDefaultStyle: true}, config: config})
        .then(function (made) {
          if (place.made) place.made.finalize();
          place.made = made;
          drawn(place);
        })
        .catch(function (error) {
          place.textContent = "This chart cannot be drawn: " + error.message;
        });
    }
  }

  draw();
  document.addEventListener("htmx:afterSettle", draw);
})();
