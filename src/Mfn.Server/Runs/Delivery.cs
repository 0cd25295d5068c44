namespace Mfn.Server.Runs;

/// <summary>What happens when a watcher reads more slowly than its run goes.</summary>
internal enum Delivery
{
    /// <summary>Its stream ends after what is in its backlog.</summary>
    Lossless,

    /// <summary>Only the newest frame waits for it.</summary>
    Latest,

    /// <summary>The oldest frame in its backlog is dropped.</summary>
    DropOldest,

    /// <summary>Its backlog is dropped, and it gets less from then on.</summary>
    Degrade,
}
