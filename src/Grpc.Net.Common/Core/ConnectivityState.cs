namespace Grpc.Core;

/// <summary>Whether a channel can make calls now.</summary>
public enum ConnectivityState
{
    /// <summary>There is no connection and none is being made.</summary>
    Idle,

    /// <summary>A connection is being made.</summary>
    Connecting,

    /// <summary>There is a connection.</summary>
    Ready,

    /// <summary>The last attempt failed; another will follow.</summary>
    TransientFailure,

    /// <summary>The channel has been shut down for good.</summary>
    Shutdown,
}
