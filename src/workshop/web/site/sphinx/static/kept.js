// On the page of a notebook: the copies of it that this browser keeps, each to be opened, downloaded or removed. See `browser/course.js`.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector(".run-here");
  if (!place) return;
  const kept = place.querySelector(".kept");
  if (location.protocol === "file:") {
    kept.textContent = "These pages were opened from a folder, where no browser runs Python. Run python -m http.server in the site's folder, and open http://127.0.0.1:8000.";
    place.querySelector("a").removeAttribute("href");
    return;
  }
  if (!window.indexedDB || !indexedDB.databases) return;
  const { name, mark } = place.dataset;
  const file = `${name}.ipynb`;
  const stores = "flask-docker-redis ";

  // The copy in one store; null if there is none. A store that is not there is not made.
  const copyIn = (store) => new Promise((tell) => {
    const asked = indexedDB.open(store);
    asked.onupgradeneeded = () => asked.transaction.abort();
    asked.onerror = () => tell(null);
    asked.onsuccess = () => {
      const database = asked.result;
      if (!database.objectStoreNames.contains("files")) { database.close(); tell(null); return; }
      const found = database.transaction("files").objectStore("files").get(file);
      found.onsuccess = () => { database.close(); tell(found.result || null); };
      found.onerror = () => { database.close(); tell(null); };
    };
  });

  function action(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  function download(copy) {
    const made = document.createElement("a");
    made.href = URL.createObjectURL(new Blob([JSON.stringify(copy.content, null, 1)], { type: "application/x-ipynb+json" }));
    made.download = file;
    made.click();
    URL.revokeObjectURL(made.href);
  }

  function row(store, copy) {
    const line = document.createElement("p");
    const own = store.slice(stores.length);
    const when = new Date(copy.last_modified).toLocaleString();
    line.textContent = own === mark
      ? `Your copy is in this browser, saved ${when}; the button opens it. `
      : `This notebook has changed since you began. Your copy of the earlier version is still here, saved ${when}. The button opens the new version. `;
    if (own !== mark) {
      const link = document.createElement("a");
      link.textContent = "Open the earlier copy";
      link.href = place.querySelector("a").href.replace(`mark=${mark}`, `mark=${own}`);
      line.append(link, " ");
    }
    line.append(action("Download it", () => download(copy)), " ", action("Remove it", () => {
      if (confirm("Remove this copy from the browser? What you wrote in it is gone then.")) indexedDB.deleteDatabase(store).onsuccess = look;
    }));
    return line;
  }

  async function look() {
    const rows = [];
    for (const { name: store } of await indexedDB.databases()) {
      const copy = store.startsWith(stores) ? await copyIn(store) : null;
      if (copy) rows.push(row(store, copy));
    }
    kept.replaceChildren(...rows);
  }

  look();
  addEventListener("focus", look);
});
