namespace Mfn.Server.Web.Reference;

/// <summary>The messages of a connection's streams that wait for its client, a bounded number of them. Thread-safe.</summary>
/// <param name="capacity">The most that wait, those that must stay aside.</param>
internal sealed class OutgoingQueue(int capacity)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Message> _waiting = [];
    private TaskCompletionSource _added = New();

    /// <summary>How many wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Adds a message; drops some if there are too many.</summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="json">The message.</param>
    /// <param name="mode">What to drop.</param>
    /// <param name="mustStay">Whether it is never dropped: the last of a stream.</param>
    public void Add(object owner, ReadOnlyMemory<byte> json, BackPressure mode, bool mustStay = false)
    {
        lock (_lock)
        {
            if (_waiting.Count >= capacity && !mustStay && !TryMakeRoom(mode))
            {
                return;
            }

            _waiting.AddLast(new Message(owner, json, mustStay));
            _added.TrySetResult();
        }
    }

    /// <summary>Drops what an owner has there.</summary>
    public void Clear(object owner)
    {
        lock (_lock)
        {
            Remove(message => message.Owner == owner);
        }
    }

    /// <summary>Takes the next message, once there is one.</summary>
    public async Task<ReadOnlyMemory<byte>> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task added;
            lock (_lock)
            {
                if (_waiting.First is { } first)
                {
                    _waiting.RemoveFirst();
                    return first.Value.Json;
                }

                if (_added.Task.IsCompleted)
                {
                    _added = New();
                }

                added = _added.Task;
            }

            await added.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool TryMakeRoom(BackPressure mode)
    {
        switch (mode)
        {
            case BackPressure.DropNewest:
                return false;
            case BackPressure.Compress:
                var isKept = false;
                Remove(message => !message.MustStay && !(isKept = !isKept));
                return true;
            default:
                for (var node = _waiting.First; node is not null; node = node.Next)
                {
                    if (!node.Value.MustStay)
                    {
                        _waiting.Remove(node);
                        return true;
                    }
                }

                return false;
        }
    }

    private void Remove(Func<Message, bool> isDropped)
    {
        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (isDropped(node.Value))
            {
                _waiting.Remove(node);
            }

            node = next;
        }
    }

    private sealed record Message(object Owner, ReadOnlyMemory<byte> Json, bool MustStay);
}
