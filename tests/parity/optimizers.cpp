// SGD, Adam and its kin against PyTorch, over ten steps under a schedule.
#include "optimizers.hpp"

TEMPLATE_TEST_CASE("ten steps of SGD, Adam and its kin leave PyTorch's weights", "", float, double) {
    const Compare<TestType> same;
    same("sgd", etta::SGD{.lr = 0.1, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.01});
    same("adam", etta::Adam{.lr = 0.02, .beta1 = 0.8, .beta2 = 0.99, .weight_decay = 0.01});
    same("adamw", etta::AdamW{.lr = 0.02, .weight_decay = 0.1});
    same("adamw", etta::DecoupledDecay{etta::Adam{.lr = 0.02, .weight_decay = 0.1}});
    same("amsgrad", etta::AMSGrad{.lr = 0.05, .beta1 = 0.9, .beta2 = 0.6, .weight_decay = 0.01});
    same("adamax", etta::Adamax{.lr = 0.02, .beta1 = 0.9, .beta2 = 0.8, .weight_decay = 0.01});
    same("nadam", etta::NAdam{.lr = 0.02, .weight_decay = 0.01});
    same("nadamw", etta::DecoupledDecay{etta::NAdam{.lr = 0.02, .weight_decay = 0.1, .momentum_decay = 0.1}});
    same("radam", etta::RAdam{.lr = 0.02, .weight_decay = 0.01});
    same("radam_short", etta::RAdam{.lr = 0.02, .beta2 = 0.5});
    same("maximize", etta::Maximize{etta::Adam{.lr = 0.02}});
    same("sam", etta::SGD{.lr = 0.1, .momentum = 0.9}, [](auto&) {}, 0.2);
    same("lookahead", etta::Lookahead{etta::SGD{.lr = 0.1, .momentum = 0.9}, 3, 0.5});
}
