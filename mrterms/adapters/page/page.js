addEventListener("DOMContentLoaded", () => {
  const tip = document.getElementById("tip"), form = document.getElementById("filter"), shown = document.getElementById("shown");
  const notes = [...document.querySelectorAll(".note")];

  // The reasons of the mention under the pointer, and of those around it.
  const show = event => {
    tip.replaceChildren();
    for (let mark = event.target.closest?.(".text .m"); mark; mark = mark.parentElement.closest(".text .m"))
      tip.append(document.getElementById(mark.dataset.why).firstElementChild.cloneNode(true));
    tip.hidden = !tip.childElementCount;
    if (tip.hidden) return;
    const at = event.target.closest(".m").getBoundingClientRect(), box = tip.getBoundingClientRect();
    const below = at.bottom + 6 + box.height < innerHeight || at.top < box.height + 6;
    tip.style.left = scrollX + Math.max(4, Math.min(at.left, document.documentElement.clientWidth - box.width - 8)) + "px";
    tip.style.top = scrollY + (below ? at.bottom + 6 : at.top - box.height - 6) + "px";
  };
  addEventListener("mouseover", show);
  addEventListener("focusin", show);
  addEventListener("focusout", () => { tip.hidden = true; });
  addEventListener("keydown", event => { if (event.key === "Escape") tip.hidden = true; });

  const filter = () => {
    const concept = form.elements.concept.value, status = form.elements.status.value, text = form.elements.text.value.toLowerCase();
    let count = 0;
    for (const note of notes) {
      let hits = 0;
      for (const mark of note.querySelectorAll(".text .m")) {
        const hit = (!concept || mark.dataset.concept === concept) && (!status || mark.dataset.status === status);
        mark.classList.toggle("off", !hit);
        hits += hit;
      }
      const said = !text || (note.querySelector("h2").textContent + "\n" + note.querySelector(".text").textContent).toLowerCase().includes(text);
      note.hidden = !said || ((concept || status) && !hits);
      count += !note.hidden;
    }
    shown.textContent = concept || status || text ? `Shown: ${count}.` : "";
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
});
