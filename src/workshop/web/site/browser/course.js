// Runs before JupyterLite on the page of a notebook. A student's copy is kept apart for each mark, that is for each text of the notebook: a copy
// never hides what is new. Above the notebook stands a bar: the way back, and whether the course has a newer version.
(() => {
  const root = new URL(".", document.currentScript.src);
  const asked = new URLSearchParams(location.search);
  const file = asked.get("path") || "";
  const name = file.replace(/\.ipynb$/, "");
  const mark = asked.get("mark") || "";

  // JupyterLite fetches its settings: those of this page are given the store of this mark. What belongs to the course may have changed since the
  // browser kept it: it asks whether it has.
  const fetched = window.fetch;
  const ours = ["jupyter-lite.json", "notebooks/jupyter-lite.json", "files/", "api/", "current.json"].map((part) => new URL(part, root).href);
  window.fetch = async (what, how) => {
    const address = new URL(what.url || what, location.href).href;
    const answer = await fetched(what, ours.some((start) => address.startsWith(start)) ? { ...how, cache: "no-cache" } : how);
    if (address !== ours[1] || !answer.ok) return answer;
    const settings = await answer.json();
    settings["jupyter-config-data"].contentsStorageName = `flask-docker-redis ${mark}`;
    return new Response(JSON.stringify(settings), { headers: { "Content-Type": "application/json" } });
  };

  function link(text, address) {
    const made = document.createElement("a");
    made.textContent = text;
    made.href = new URL(address, root).href;
    return made;
  }

  function show(current) {
    const bar = document.createElement("nav");
    bar.id = "course-bar";
    bar.setAttribute("aria-label", "The course");
    const known = current[name];
    bar.append(known ? link(`← Lesson ${known.title}`, `../lessons/${name}/README.html`) : link("← The course", "../index.html"));
    if (known && known.mark !== mark) {
      const told = document.createElement("strong");
      told.textContent = "This is your copy of an earlier version. The course has a newer one.";
      bar.append(told, link("Open the new version", `notebooks/index.html?path=${file}&mark=${known.mark}`));
    } else {
      bar.append(link("What this page can, and how to hand it in", "../running.html"));
    }
    document.body.prepend(bar);
  }

  addEventListener("DOMContentLoaded", () => {
    fetch(new URL("current.json", root)).then((answer) => answer.json()).then(show, () => show({}));
  });
})();
