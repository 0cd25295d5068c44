using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>How frames get to their reader.</summary>
internal sealed class StreamingOptions
{
    public const string Section = "Streaming";

    /// <summary>Frames that a run may be ahead of its owner before it waits.</summary>
    [Range(1, 64)]
    public int OwnerBacklog { get; set; } = 2;

    /// <summary>How long a client may take to send the next message of a stream before its call is ended.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a client may take to upload a round, however it goes on sending; it has a run's place meanwhile.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan UploadTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a client may take to accept one message before its call is aborted.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The rate at which a client must at least send an upload or take an answer, in bytes a second.</summary>
    [Range(1, 1 << 30)]
    public int MinBytesPerSecond { get; set; } = 32 * 1024;

    /// <summary>How long a client that holds memory for an upload may be behind that rate.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan UploadGracePeriod { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of a connection's messages that may wait for the network before its streams wait.</summary>
    [Range(16 * 1024, 64 * 1024 * 1024)]
    public int WriteBufferBytes { get; set; } = 256 * 1024;
}
