using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Mfn.Server.Calls;

/// <summary>
/// How long the texts of a request may be. Every message is looked through before its handler gets it, so that no handler meets a text that is too long.
/// </summary>
internal static class TextLimits
{
    /// <summary>Bytes that are no text but numbers, as many as the rest of the request says: only the size of a message limits them.</summary>
    public const int Numbers = int.MaxValue;

    /// <summary>A text that its handler limits, since one that is too long does not end the call.</summary>
    public const int OfHandler = int.MaxValue - 1;

    private static readonly ConcurrentDictionary<MessageDescriptor, TextField[]> Fields = [];

    /// <summary>
    /// The most characters (UTF-16 code units) of a string, of each string of a list and of each key of a map, or the most bytes of bytes, by the full name of
    /// the field. The contracts' comments say them too.
    /// </summary>
    public static FrozenDictionary<string, int> ByField { get; } = new Dictionary<string, int>
    {
        ["grpc.health.v1.HealthCheckRequest.service"] = 256,
        ["grpc.reflection.v1.ExtensionRequest.containing_type"] = 256,
        ["grpc.reflection.v1.ServerReflectionRequest.all_extension_numbers_of_type"] = 256,
        ["grpc.reflection.v1.ServerReflectionRequest.file_by_filename"] = 256,
        ["grpc.reflection.v1.ServerReflectionRequest.file_containing_symbol"] = 256,
        ["grpc.reflection.v1.ServerReflectionRequest.host"] = 256,
        ["grpc.reflection.v1.ServerReflectionRequest.list_services"] = 256,
        ["grpc.reflection.v1alpha.ExtensionRequest.containing_type"] = 256,
        ["grpc.reflection.v1alpha.ServerReflectionRequest.all_extension_numbers_of_type"] = 256,
        ["grpc.reflection.v1alpha.ServerReflectionRequest.file_by_filename"] = 256,
        ["grpc.reflection.v1alpha.ServerReflectionRequest.file_containing_symbol"] = 256,
        ["grpc.reflection.v1alpha.ServerReflectionRequest.host"] = 256,
        ["grpc.reflection.v1alpha.ServerReflectionRequest.list_services"] = 256,
        ["mfn.v1.AddToSpecies.species"] = 16,
        ["mfn.v1.CenteredClippingRule.start"] = Numbers,
        ["mfn.v1.ClientUpdate.client_id"] = 128,
        ["mfn.v1.ClientUpdate.values"] = Numbers,
        ["mfn.v1.ComputeBoxCountingDimensionRequest.definition_version"] = 16,
        ["mfn.v1.ComputeBoxCountingDimensionStreamRequest.values"] = Numbers,
        ["mfn.v1.ComputeHistoryStabilityStreamRequest.values"] = Numbers,
        ["mfn.v1.CreateRunRequest.name"] = 63,
        ["mfn.v1.CreateRunStreamRequest.values"] = Numbers,
        ["mfn.v1.DeleteRunRequest.run_id"] = 64,
        ["mfn.v1.Domain.mask"] = Numbers,
        ["mfn.v1.ExportRunRequest.run_id"] = 64,
        ["mfn.v1.FeatureOptions.definition_version"] = 16,
        ["mfn.v1.Field.values"] = Numbers,
        ["mfn.v1.ForkRunRequest.name"] = 63,
        ["mfn.v1.ForkRunRequest.run_id"] = 64,
        ["mfn.v1.CheckRunRequest.run_id"] = 64,
        ["mfn.v1.GetRunRequest.run_id"] = 64,
        ["mfn.v1.ImportRunRequest.chunk"] = Numbers,
        ["mfn.v1.ImportRunStart.name"] = 63,
        ["mfn.v1.KineticsParameter.name"] = 32,
        ["mfn.v1.ListRunsRequest.name"] = 63,
        ["mfn.v1.ListRunsRequest.page_token"] = 64,
        ["mfn.v1.ReplaceSpecies.species"] = 16,
        ["mfn.v1.RunCommand.command_id"] = OfHandler,
        ["mfn.v1.SimulateRequest.species"] = 16,
        ["mfn.v1.SteerRunRequest.run_id"] = 64,
        ["mfn.v1.SteerRunRequest.values"] = Numbers,
        ["mfn.v1.StreamFeaturesRequest.values"] = Numbers,
        ["mfn.v1.StreamSimulationRequest.species"] = 16,
        ["mfn.v1.UpdateChunk.client_id"] = 128,
        ["mfn.v1.UpdateChunk.values"] = Numbers,
        ["mfn.v1.UpdateDeclaration.client_id"] = 128,
        ["mfn.v1.WatchRunRequest.resume_token"] = 256,
        ["mfn.v1.WatchRunRequest.run_id"] = 64,
        ["mfn.v1.WatchRunRequest.species"] = 16,
    }.ToFrozenDictionary();

    /// <summary>Looks through a request message, which is of a generated class or an <see cref="IUnboundRequest"/>.</summary>
    /// <exception cref="CallRefusedException">Texts in it are too long: INVALID_ARGUMENT with all of them.</exception>
    public static void Check(object request)
    {
        var problems = new RequestProblems();
        Check(request as IMessage ?? ((IUnboundRequest)request).Texts, "", problems);
        problems.ThrowIfAny();
    }

    private static void Check(IMessage message, string prefix, RequestProblems problems)
    {
        foreach (var (field, limit) in FieldsOf(message.Descriptor))
        {
            var value = field.Accessor.GetValue(message);
            switch (value)
            {
                case null:
                    break;
                case IDictionary map:
                    CheckAll(map.Keys, field, limit, prefix, problems);
                    CheckAll(map.Values, field, limit, prefix, problems);
                    break;
                case IList list:
                    CheckAll(list, field, limit, prefix, problems);
                    break;
                default:
                    Check(value, field, limit, prefix, null, problems);
                    break;
            }
        }
    }

    private static void CheckAll(ICollection values, FieldDescriptor field, int limit, string prefix, RequestProblems problems)
    {
        var index = 0;
        foreach (var value in values)
        {
            Check(value, field, limit, prefix, index++, problems);
        }
    }

    private static void Check(object value, FieldDescriptor field, int limit, string prefix, int? index, RequestProblems problems)
    {
        switch (value)
        {
            case string text when text.Length > limit:
                problems.Add(Path(), $"must have at most {limit} characters, but had {text.Length}");
                break;
            case ByteString bytes when bytes.Length > limit:
                problems.Add(Path(), $"must have at most {limit} bytes, but had {bytes.Length}");
                break;
            case IMessage part when FieldsOf(part.Descriptor).Length > 0:
                Check(part, $"{Path()}.", problems);
                break;
        }

        string Path() => index is null ? $"{prefix}{field.Name}" : $"{prefix}{field.Name}[{index}]";
    }

    private static TextField[] FieldsOf(MessageDescriptor message) => Fields.GetOrAdd(message, static message =>
        [.. message.Fields.InDeclarationOrder().Where(field => HasTexts(field, [])).Select(field => new TextField(field, LimitOf(field)))]);

    /// <summary>Whether there may be texts in the field that have a limit.</summary>
    private static bool HasTexts(FieldDescriptor field, HashSet<MessageDescriptor> above) => field.FieldType switch
    {
        FieldType.String or FieldType.Bytes => LimitOf(field) < OfHandler,
        FieldType.Message => above.Add(field.MessageType) && field.MessageType.Fields.InDeclarationOrder().Any(part => HasTexts(part, above)),
        _ => false,
    };

    // A test sees to it that every field of ours is listed.
    private static int LimitOf(FieldDescriptor field) => ByField.GetValueOrDefault(field.FullName, OfHandler);

    private readonly record struct TextField(FieldDescriptor Field, int Limit);
}
