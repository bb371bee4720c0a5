// What a person would see of a page, as numbers. Each function takes nothing and returns plain values.
({
  // Every piece of text that is shown: its words, its colour on what lies behind it, and where it stands.
  texts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    const numbers = (colour) => {
      const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
      return { rgb: [red, green, blue], alpha };
    };
    const over = (front, back) => front.rgb.map((each, at) => each * front.alpha + back[at] * (1 - front.alpha));
    const behind = (element) => {
      if (!element) return [255, 255, 255];
      const own = numbers(getComputedStyle(element).backgroundColor);
      return own.alpha === 1 ? own.rgb : over(own, behind(element.parentElement));
    };
    const luminance = (rgb) => {
      const [red, green, blue] = rgb.map((each) => {
        const part = each / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one, other) => {
      const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
      return (light + 0.05) / (dark + 0.05);
    };
    // What of a text is not cut off by a box that scrolls.
    const clipped = (rect, element) => {
      let { left, top, right, bottom } = rect;
      for (let each = element; each; each = each.parentElement) {
        if (!/auto|scroll|hidden|clip/.test(getComputedStyle(each).overflow)) continue;
        const box = each.getBoundingClientRect();
        left = Math.max(left, box.left);
        top = Math.max(top, box.top);
        right = Math.min(right, box.right);
        bottom = Math.min(bottom, box.bottom);
      }
      return { left, top, right, bottom };
    };
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || /script|style/i.test(element.tagName)) continue;
      if (!element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const back = behind(element);
      found.push({
        words: walker.currentNode.data.trim().slice(0, 80),
        contrast: contrast(over(numbers(getComputedStyle(element).color), back), back),
        size: parseFloat(getComputedStyle(element).fontSize),
        places: [...range.getClientRects()]
          .map((each) => clipped(each, element))
          .filter((each) => each.right - each.left > 1 && each.bottom - each.top > 1),
      });
    }
    return found;
  },

  // How much wider the page is than the window.
  overflow() {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  },

  // Everything that a person can use, in the page's order. Each gets a number to be told by.
  controls() {
    const wanted = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    return [...document.querySelectorAll(wanted)]
      .filter((each) => each.checkVisibility())
      .map((each, at) => {
        each.dataset.control = at;
        return `${at} ${each.tagName} ${(each.getAttribute("aria-label") ?? each.textContent).trim().slice(0, 40)}`;
      });
  },

  // What has the focus: its number, and how thick its outline is.
  focused() {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      control: element.dataset.control === undefined ? null : Number(element.dataset.control),
      outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
      inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
  },

  // The levels of the headings, in order.
  headings() {
    return [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((each) => Number(each.tagName[1]));
  },
})
