namespace Grpc.Core;

/// <summary>The requests of a client- or duplex-streaming call.</summary>
/// <typeparam name="T">The request message.</typeparam>
public interface IClientStreamWriter<in T> : IAsyncStreamWriter<T>
{
    /// <summary>Says that no more requests follow; needed unless the call is cancelled.</summary>
    /// <exception cref="InvalidOperationException">A write is under way.</exception>
    Task CompleteAsync();
}
