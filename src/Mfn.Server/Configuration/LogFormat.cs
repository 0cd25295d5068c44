namespace Mfn.Server.Configuration;

/// <summary>How the log is written.</summary>
internal enum LogFormat
{
    /// <summary>A line of text for each message.</summary>
    Plain,

    /// <summary>A line with a JSON object for each message.</summary>
    Json,
}
