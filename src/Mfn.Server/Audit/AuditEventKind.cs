namespace Mfn.Server.Audit;

/// <summary>What an event of the audit log tells of.</summary>
internal enum AuditEventKind
{
    /// <summary>A server has begun to write the log.</summary>
    Opened,

    /// <summary>A server has ended, and knows of no more.</summary>
    Closed,

    /// <summary>A call, from its beginning to its end.</summary>
    Call,

    /// <summary>Calls that were alike, of which only the first are told one by one.</summary>
    Calls,

    /// <summary>A stream has begun.</summary>
    Begin,

    /// <summary>A stream that had begun has ended.</summary>
    End,

    /// <summary>A command of a stream that steers.</summary>
    Command,

    /// <summary>The file of API keys has changed.</summary>
    Key,

    /// <summary>The log could not be written for a while.</summary>
    Resumed,
}
