namespace Grpc.Core;

/// <summary>The responses of a server- or duplex-streaming call; complete when the handler returns.</summary>
/// <typeparam name="T">The response message.</typeparam>
public interface IServerStreamWriter<in T> : IAsyncStreamWriter<T>
{
}
