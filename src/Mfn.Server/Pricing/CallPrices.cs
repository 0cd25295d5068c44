using System.Globalization;
using Grpc.Core;
using Mfn.Server.Calls;
using Mfn.Server.Identity;
using Mfn.Server.Quotas;

namespace Mfn.Server.Pricing;

/// <summary>What calls cost: they are told, and a call whose client does not wait long enough for it is refused before anything is computed.</summary>
internal sealed class CallPrices(Calibration calibration, TimeProvider clock)
{
    /// <summary>The trailer of an answer that says its price in cell-steps; of a stream that of what has been asked for until its end.</summary>
    public const string Trailer = "mfn-price-cell-steps";

    // A prediction may be wrong by so much; a call that could be done in time if it is must be tried.
    private const double RefusedShare = 0.5;

    private long _begunCount;
    private long _openCount;

    /// <summary>How long work takes here.</summary>
    public Calibration Calibration => calibration;

    /// <summary>Notes what a call is about to compute, and takes it from its caller's quotas. A stream is only told: it pays as it goes.</summary>
    /// <returns>Measures it.</returns>
    /// <exception cref="CallRefusedException">Half of the predicted time is longer than the time until the deadline of a call that is no stream; or its caller's quotas do not allow it (yet).</exception>
    public CallWork Announce(Price price, ServerCallContext context)
    {
        var isUnary = !PermissionTable.IsStream(context.GetHttpContext());
        if (isUnary && context.Deadline != DateTime.MaxValue)
        {
            RequireTime(price, context.Deadline - clock.GetUtcNow().UtcDateTime);
        }

        if (isUnary)
        {
            QuotaAccount.Of(context).Payment.Reserve(price.CellSteps, calibration.Predict(price));
        }

        State(price.CellSteps, context.ResponseTrailers);
        var work = new CallWork(price, calibration, clock);
        if (isUnary && price.Parts.FirstOrDefault(static part => part.IsCall) is { Kind.Name: not null } call)
        {
            MeasureRest(call, work, context);
        }

        return work;
    }

    /// <summary>As <see cref="Announce"/>; but a stream is not only told: it waits until its caller's quotas allow it, and may come back with more.</summary>
    /// <returns>Measures it.</returns>
    /// <exception cref="CallRefusedException">As of <see cref="Announce"/>; of a stream if it is more than the quotas can ever allow at once.</exception>
    public async ValueTask<CallWork> AnnounceInTurnAsync(Price price, ServerCallContext context)
    {
        if (PermissionTable.IsStream(context.GetHttpContext()))
        {
            await QuotaAccount.Of(context).Payment.ReserveInTurnAsync(price.CellSteps, calibration.Predict(price), context.CancellationToken);
        }

        return Announce(price, context);
    }

    private static void State(long cellSteps, Metadata trailers)
    {
        if (trailers.Get(Trailer) is { } stated)
        {
            trailers.Remove(stated);
            cellSteps = (long)Int128.Min(long.MaxValue, (Int128)cellSteps + long.Parse(stated.Value, CultureInfo.InvariantCulture));
        }

        trailers.Add(Trailer, cellSteps.ToString(CultureInfo.InvariantCulture));
    }

    private void RequireTime(Price price, TimeSpan left)
    {
        var predicted = calibration.Predict(price);
        if (predicted * RefusedShare > left)
        {
            throw CallRefusedException.DeadlineTooShort(predicted, left > TimeSpan.Zero ? left : TimeSpan.Zero, price.CellSteps);
        }
    }

    /// <summary>Measures what a call takes beside what it computes, if no other comes between.</summary>
    private void MeasureRest(Work call, CallWork work, ServerCallContext context)
    {
        var begun = Interlocked.Increment(ref _begunCount);
        var isAlone = Interlocked.Increment(ref _openCount) == 1;
        var (start, ended) = (clock.GetTimestamp(), context.CancellationToken);

        // By then what the token comes from may be no more, and can be asked for it no longer.
        context.GetHttpContext().Response.OnCompleted(() =>
        {
            Interlocked.Decrement(ref _openCount);
            if (isAlone && Volatile.Read(ref _begunCount) == begun && work.Computed > TimeSpan.Zero && !ended.IsCancellationRequested)
            {
                calibration.Note(call.Kind, call.StatedSeconds, clock.GetElapsedTime(start) - work.Computed);
            }

            return Task.CompletedTask;
        });
    }
}
