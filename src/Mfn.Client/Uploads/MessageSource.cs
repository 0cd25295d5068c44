namespace Mfn.Client.Uploads;

/// <summary>
/// Messages that somebody else makes, who may throw, take for ever, or not heed the token: then he is left behind with the token's cancellation, and
/// disposed of when he comes back.
/// </summary>
internal sealed class MessageSource<TMessage>(IAsyncEnumerable<TMessage> messages, CancellationToken cancellationToken) : IAsyncDisposable
{
    private IAsyncEnumerator<TMessage>? _messages;
    private Task<bool>? _moving;
    private bool _isPeeked;

    /// <summary>The message that was moved to, or peeked at.</summary>
    public TMessage Current => _messages!.Current;

    /// <summary>Moves to the first message, to which the next move moves again.</summary>
    public async Task PeekAsync()
    {
        await MoveNextAsync();
        _isPeeked = true;
    }

    /// <summary>Moves to the next message; false if there is none.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<bool> MoveNextAsync()
    {
        if (_isPeeked)
        {
            _isPeeked = false;
            return _moving!;
        }

        // What is made without awaiting anything would otherwise hold up this thread.
        _moving = Task.Run(
            async () =>
            {
                _messages ??= messages.GetAsyncEnumerator(cancellationToken);
                return await _messages.MoveNextAsync();
            },
            cancellationToken);
        return _moving.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_moving is { IsCompleted: false } moving)
        {
            _ = DisposeAfterAsync(moving);
        }
        else if (_messages is not null)
        {
            await _messages.DisposeAsync();
        }
    }

    private async Task DisposeAfterAsync(Task moving)
    {
        // There is nobody left to be told of what goes wrong here.
        await moving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_messages is not null)
        {
            await _messages.DisposeAsync().AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
