using Grpc.Core;

namespace Mfn.Server.Calls;

/// <summary>The messages of a stream, as their handler gets them: looked through, while its caller may send them, and with the word for what is wrong with one that cannot be read.</summary>
internal sealed class IncomingMessages<T>(IAsyncStreamReader<T> stream, HttpContext context) : IAsyncStreamReader<T>
    where T : class
{
    public T Current => stream.Current;

    /// <exception cref="CallRefusedException">The message cannot be read, or has a text that is too long, the caller may not send it any more, or has gone.</exception>
    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        try
        {
            if (!await stream.MoveNext(cancellationToken))
            {
                return false;
            }
        }
        catch (Exception error) when (MessageFault.Of(error) is { } fault)
        {
            throw fault;
        }

        CallRights.Require(context);
        CallAudit.Describe(context, stream.Current);
        TextLimits.Check(stream.Current);
        return true;
    }
}
