namespace Mfn.Client.Runs;

/// <summary>Something that a watcher of a run is told. Events come in order, each once.</summary>
/// <param name="Position">Where the watcher is with it.</param>
public abstract record WatchEvent(WatchPosition Position);
