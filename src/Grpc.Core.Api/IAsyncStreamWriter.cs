namespace Grpc.Core;

/// <summary>Takes messages one after another; for one writer at a time.</summary>
/// <typeparam name="T">The message.</typeparam>
public interface IAsyncStreamWriter<in T>
{
    /// <summary>How the following messages are written; null means as the call says.</summary>
    WriteOptions? WriteOptions { get; set; }

    /// <summary>Writes a message; done when flow control has accepted it. Await it before the next write.</summary>
    /// <exception cref="InvalidOperationException">A write is under way, or the stream is complete.</exception>
    Task WriteAsync(T message);

    /// <summary>Writes a message, or gives up when the token is cancelled, which cancels the call.</summary>
    /// <exception cref="NotSupportedException">The token can be cancelled, but a write cannot.</exception>
    Task WriteAsync(T message, CancellationToken cancellationToken) => cancellationToken.CanBeCanceled
        ? throw new NotSupportedException("This stream writer cannot cancel a write.")
        : WriteAsync(message);
}
