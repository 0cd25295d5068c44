namespace Mfn.Server.Storage;

/// <summary>What may stand behind the append that a log's mark names.</summary>
internal enum LogMarkState
{
    /// <summary>More appends, the last of them torn: a server writes the log, or was ended while it did.</summary>
    Open = 1,

    /// <summary>Nothing: the server that wrote the log ended in order.</summary>
    Closed = 2,

    /// <summary>Nothing; and the log may still be one of format version 1, which is about to be replaced by the one that the mark is of.</summary>
    Migrating = 3,
}
