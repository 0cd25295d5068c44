using Mfn.Server.Calls;
using Mfn.Server.Logging;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mfn.Server.Memory;

/// <summary>Counts what connections take by being there, and makes each a holder of memory.</summary>
internal sealed partial class ConnectionMemory(MemoryAccount account, ILogger<ConnectionMemory> logger)
{
    /// <summary>What a connection takes that does nothing, with what TLS holds for it; more than was measured.</summary>
    public const int BytesPerConnection = 64 * 1024;

    /// <summary>Counts the endpoint's connections from now on; closes those for which there is no memory.</summary>
    public void CountAt(ListenOptions endpoint) => endpoint.Use(next => connection => ServeAsync(next, connection));

    private async Task ServeAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        var holder = new MemoryHolder();
        using var reservation = account.Open(MemoryUse.Connections, holder);
        try
        {
            reservation.Resize(BytesPerConnection);
        }
        catch (CallRefusedException refused)
        {
            LogRefused(connection.RemoteEndPoint, refused.Message);
            connection.Abort(new ConnectionAbortedException(refused.Message));
            return;
        }

        connection.Items[typeof(MemoryHolder)] = holder;
        await next(connection);
    }

    [LoggerMessage(EventId = 1102, EventName = "ConnectionRefused", Level = LogLevel.Information, Message = "A connection from {Address} was refused: {Reason}")]
    [LogMeaning("There was no memory for another connection: `Limits:MaxMemoryBytes` is taken by what is open.")]
    private partial void LogRefused(System.Net.EndPoint? address, string reason);
}
