"""The web page of ``mmpconv serve``: an editor in the browser, with an interface for other programs."""
